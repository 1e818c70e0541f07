# SPDX-License-Identifier: LGPL-2.1-or-later
libguestctl_a_SOURCES += \
	%D%/context.h \
	%D%/deadline.c %D%/deadline.h \
	%D%/deadline-call.c %D%/deadline-call.h \
	%D%/digest.c %D%/digest.h \
	%D%/file-lock.c %D%/file-lock.h \
	%D%/grant.c %D%/grant.h \
	%D%/image-tool.c %D%/image-tool.h \
	%D%/json-util.c %D%/json-util.h \
	%D%/plain-name.c %D%/plain-name.h \
	%D%/progress.c %D%/progress.h \
	%D%/qcow2-header.c %D%/qcow2-header.h \
	%D%/rename-new.c %D%/rename-new.h \
	%D%/reporter.c %D%/reporter.h \
	%D%/stall.c %D%/stall.h \
	%D%/table.c %D%/table.h \
	%D%/value-get.c %D%/value-get.h
