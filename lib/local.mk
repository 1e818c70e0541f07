# SPDX-License-Identifier: LGPL-2.1-or-later
libshared_a_SOURCES += \
	%D%/arena.c %D%/arena.h \
	%D%/child-start.c %D%/child-start.h \
	%D%/errors.c %D%/errors.h \
	%D%/framer.c %D%/framer.h \
	%D%/numbers.c %D%/numbers.h \
	%D%/roff.c %D%/roff.h \
	%D%/spawn.c %D%/spawn.h

include %D%/json/local.mk
