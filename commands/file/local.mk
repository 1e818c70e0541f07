# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/allow.c %D%/allow.h \
	%D%/atomic.c %D%/atomic.h \
	%D%/io.c \
	%D%/open.c %D%/open.h \
	%D%/open-close.c \
	%D%/private.h \
	%D%/stat.c \
	%D%/sync.c \
	%D%/table.c %D%/table.h
