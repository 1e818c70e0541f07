# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/deadline-call.c %D%/deadline-call.h \
	%D%/fs-sizes.c %D%/fs-sizes.h \
	%D%/logins.c %D%/logins.h \
	%D%/mounts.c %D%/mounts.h \
	%D%/system-program.c %D%/system-program.h
