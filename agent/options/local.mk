# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/config-file.c \
	%D%/options.c %D%/options.h \
	%D%/options-table.c %D%/options-table.h \
	%D%/options-text.c
