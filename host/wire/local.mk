# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/agent-client.c %D%/agent-client.h \
	%D%/qmp.c %D%/qmp.h \
	%D%/request.c %D%/request.h \
	%D%/wire.c %D%/wire.h
