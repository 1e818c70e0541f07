# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/calm.c %D%/calm.h \
	%D%/copy.c %D%/copy.h \
	%D%/copy-in.c \
	%D%/copy-out.c \
	%D%/program.c %D%/program.h \
	%D%/program-follow.c \
	%D%/quiesce.c %D%/quiesce.h \
	%D%/remote-file.c %D%/remote-file.h
