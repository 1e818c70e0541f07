# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/agent-channel.h \
	%D%/backend.c %D%/backend.h \
	%D%/backends.c \
	%D%/condition.c %D%/condition.h \
	%D%/disk.c %D%/disk.h \
	%D%/lock.c %D%/lock.h \
	%D%/off.h \
	%D%/vm.c %D%/vm.h

include %D%/bare/local.mk
include %D%/libvirt/local.mk
