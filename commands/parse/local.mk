# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/address-message.c %D%/address-message.h \
	%D%/authorized-keys.c %D%/authorized-keys.h \
	%D%/device-path.c %D%/device-path.h \
	%D%/diskstats.c %D%/diskstats.h \
	%D%/figures.c %D%/figures.h \
	%D%/lines.c %D%/lines.h \
	%D%/net-dev.c %D%/net-dev.h \
	%D%/nvme-smart.c %D%/nvme-smart.h \
	%D%/os-release.c %D%/os-release.h \
	%D%/pressure.c %D%/pressure.h \
	%D%/proc-stat.c %D%/proc-stat.h \
	%D%/route.c %D%/route.h \
	%D%/rtnetlink.c %D%/rtnetlink.h \
	%D%/uevent.c %D%/uevent.h \
	%D%/utmp.c %D%/utmp.h
