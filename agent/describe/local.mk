# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/describe.c %D%/describe.h \
	%D%/describe-man.c \
	%D%/options-man.c
