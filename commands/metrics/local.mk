# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/metrics.c \
	%D%/read.c %D%/read.h \
	%D%/stats.c \
	%D%/types.c %D%/types.h
