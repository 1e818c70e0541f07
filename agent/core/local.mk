# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/agent.c %D%/agent.h \
	%D%/audit.c %D%/audit.h \
	%D%/command-set.c %D%/command-set.h \
	%D%/daemon.c %D%/daemon.h \
	%D%/dispatch.c %D%/dispatch.h \
	%D%/event-queue.c %D%/event-queue.h \
	%D%/job.c %D%/job.h \
	%D%/policy.c %D%/policy.h \
	%D%/self-test.c %D%/self-test.h \
	%D%/state-file.c %D%/state-file.h \
	%D%/trace.c %D%/trace.h
