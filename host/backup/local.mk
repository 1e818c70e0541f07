# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/backup.c %D%/backup.h \
	%D%/forget.c %D%/forget.h \
	%D%/off.c \
	%D%/plan.c \
	%D%/readers.c %D%/readers.h \
	%D%/retention.c %D%/retention.h \
	%D%/set.c %D%/set.h \
	%D%/set-check.c %D%/set-check.h \
	%D%/set-manifest.c %D%/set-manifest.h \
	%D%/store.c %D%/store.h \
	%D%/target.c %D%/target.h
