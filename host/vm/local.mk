# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/agent-channel.c %D%/agent-channel.h \
	%D%/vm.c %D%/vm.h

include %D%/bare/local.mk
include %D%/libvirt/local.mk
