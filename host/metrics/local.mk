# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/exposition.c %D%/exposition.h \
	%D%/exposition-table.c %D%/exposition-table.h \
	%D%/http.c %D%/http.h \
	%D%/metrics.c %D%/metrics.h
