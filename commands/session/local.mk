# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/session.c \
	%D%/subscribe.c
