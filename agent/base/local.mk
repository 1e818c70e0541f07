# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/beneath.c %D%/beneath.h \
	%D%/child.c %D%/child.h \
	%D%/child-input.c %D%/child-input.h \
	%D%/child-output.c %D%/child-output.h \
	%D%/child-user.c %D%/child-user.h \
	%D%/clock.c %D%/clock.h \
	%D%/deadline.c %D%/deadline.h \
	%D%/log.c %D%/log.h \
	%D%/logind.c %D%/logind.h \
	%D%/main-thread.h \
	%D%/safe-path.c %D%/safe-path.h \
	%D%/settings.h \
	%D%/sysops.c %D%/sysops.h \
	%D%/sysroot.c %D%/sysroot.h \
	%D%/uevent-socket.c %D%/uevent-socket.h \
	%D%/workers.c %D%/workers.h
