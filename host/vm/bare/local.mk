# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/backup.c \
	%D%/block.c %D%/block.h \
	%D%/commit.c \
	%D%/snapshot.c \
	%D%/vm.c %D%/vm.h
