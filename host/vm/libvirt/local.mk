# SPDX-License-Identifier: LGPL-2.1-or-later
if LIBVIRT
libguestctl_a_SOURCES += \
	%D%/backup.c \
	%D%/condition.c \
	%D%/connection.c %D%/connection.h \
	%D%/disks.c \
	%D%/domain.h \
	%D%/domain-xml.c %D%/domain-xml.h \
	%D%/jobs.c \
	%D%/off.c \
	%D%/snapshot.c \
	%D%/vm.c %D%/vm.h
else
libguestctl_a_SOURCES += %D%/none.c %D%/vm.h
endif
