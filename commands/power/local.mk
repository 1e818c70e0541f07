# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/event-shutdown.c \
	%D%/power.c \
	%D%/shutdown.c %D%/shutdown.h \
	%D%/suspend.c %D%/suspend.h
