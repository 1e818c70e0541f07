# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/backup.c \
	%D%/channel.c \
	%D%/disks.c \
	%D%/jobs.c %D%/jobs.h \
	%D%/list.c \
	%D%/off.c \
	%D%/snapshot.c \
	%D%/vm.c %D%/vm.h
