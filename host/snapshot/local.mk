# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/manifest.c \
	%D%/overlay.c \
	%D%/snapshot.c %D%/snapshot.h
