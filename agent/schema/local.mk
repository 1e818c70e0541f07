# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/command.h \
	%D%/envelope.c %D%/envelope.h \
	%D%/rules.c %D%/rules.h \
	%D%/schema.c %D%/schema.h \
	%D%/schema-check.c %D%/schema-check.h \
	%D%/schema-fill.c
