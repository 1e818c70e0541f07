# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/hotplug.c \
	%D%/memory.c \
	%D%/sysfs-online.c %D%/sysfs-online.h \
	%D%/vcpus.c
