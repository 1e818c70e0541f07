# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/completion.c %D%/completion.h \
	%D%/fleet.c %D%/fleet.h \
	%D%/help.c %D%/help.h \
	%D%/manual.c %D%/manual.h \
	%D%/options.c %D%/options.h \
	%D%/quiesce-options.c %D%/quiesce-options.h \
	%D%/targets.c %D%/targets.h \
	%D%/verb.c %D%/verb.h \
	%D%/verbs.c
