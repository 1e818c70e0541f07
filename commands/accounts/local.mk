# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/authorized-keys-file.c %D%/authorized-keys-file.h \
	%D%/password.c \
	%D%/ssh.c \
	%D%/user-thread.c %D%/user-thread.h
