# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/block-device.c %D%/block-device.h \
	%D%/disk-address.c %D%/disk-address.h \
	%D%/disks.c \
	%D%/event-space.c \
	%D%/fsinfo.c \
	%D%/fstrim.c
