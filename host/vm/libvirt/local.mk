# SPDX-License-Identifier: LGPL-2.1-or-later
if LIBVIRT
libguestctl_a_SOURCES += \
	%D%/backup.c \
	%D%/domain-xml.c %D%/domain-xml.h \
	%D%/snapshot.c \
	%D%/vm.c %D%/vm.h
else
libguestctl_a_SOURCES += %D%/none.c %D%/vm.h
endif
