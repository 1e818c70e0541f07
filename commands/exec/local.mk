# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/allow.c %D%/allow.h \
	%D%/control.c %D%/control.h \
	%D%/exec.c \
	%D%/launch.c \
	%D%/private.h \
	%D%/process.c %D%/process.h \
	%D%/stream.c
