# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/commands.c \
	%D%/crew.c %D%/crew.h \
	%D%/engine.c %D%/engine.h \
	%D%/event.c \
	%D%/hooks.c %D%/hooks.h \
	%D%/life.c %D%/life.h \
	%D%/loop-devices.c %D%/loop-devices.h \
	%D%/marker.c %D%/marker.h \
	%D%/plan.c %D%/plan.h \
	%D%/private.h \
	%D%/rcu.c %D%/rcu.h \
	%D%/recovery.c \
	%D%/select.c %D%/select.h \
	%D%/watchdog.c %D%/watchdog.h
