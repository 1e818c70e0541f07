# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests: each program is one file, in the folder of what it tests.

unit_programs = \
	%D%/agent/base/test-child \
	%D%/agent/base/test-clock \
	%D%/agent/base/test-log \
	%D%/agent/base/test-log-sinks \
	%D%/agent/base/test-paths \
	%D%/agent/core/test-agent \
	%D%/agent/core/test-audit \
	%D%/agent/core/test-barrier \
	%D%/agent/core/test-commands \
	%D%/agent/core/test-daemon \
	%D%/agent/core/test-deferred \
	%D%/agent/core/test-dispatch \
	%D%/agent/core/test-events \
	%D%/agent/core/test-policy \
	%D%/agent/options/test-options \
	%D%/agent/schema/test-envelope \
	%D%/agent/schema/test-negatives \
	%D%/agent/schema/test-schema \
	%D%/channel/test-conn \
	%D%/channel/test-device \
	%D%/channel/test-path-watch \
	%D%/channel/test-serial \
	%D%/channel/test-unix-listen \
	%D%/channel/test-vsock-listen \
	%D%/commands/accounts/test-password \
	%D%/commands/accounts/test-ssh-keys \
	%D%/commands/clock/test-set-time \
	%D%/commands/exec/test-exec \
	%D%/commands/file/test-commands \
	%D%/commands/file/test-table \
	%D%/commands/freeze/test-engine \
	%D%/commands/freeze/test-faults \
	%D%/commands/freeze/test-hooks \
	%D%/commands/freeze/test-levels \
	%D%/commands/freeze/test-life \
	%D%/commands/freeze/test-log \
	%D%/commands/freeze/test-marker \
	%D%/commands/freeze/test-plan \
	%D%/commands/freeze/test-select \
	%D%/commands/freeze/test-watchdog \
	%D%/commands/hardware/test-hardware \
	%D%/commands/hardware/test-hotplug \
	%D%/commands/metrics/test-metrics \
	%D%/commands/network/test-address-watch \
	%D%/commands/network/test-event-addresses \
	%D%/commands/network/test-netlink \
	%D%/commands/network/test-network \
	%D%/commands/parse/test-figures \
	%D%/commands/parse/test-parse \
	%D%/commands/power/test-event-shutdown \
	%D%/commands/power/test-power \
	%D%/commands/shared/test-deadline-call \
	%D%/commands/shared/test-mounts \
	%D%/commands/storage/test-disk-address \
	%D%/commands/storage/test-event-space \
	%D%/commands/storage/test-fsinfo \
	%D%/commands/test-families \
	%D%/lib/json/test-base64 \
	%D%/lib/json/test-json-glib \
	%D%/lib/json/test-reader \
	%D%/lib/json/test-reader-faults \
	%D%/lib/json/test-writer \
	%D%/lib/test-base \
	%D%/lib/test-errors \
	%D%/lib/test-framer \
	%D%/lib/test-framer-limits \
	%D%/lib/test-numbers \
	%D%/lib/test-roff \
	%D%/lib/test-spawn

include %D%/host/local.mk

check_PROGRAMS += $(unit_programs)
TESTS += $(unit_programs)
check_LIBRARIES += %D%/libkit.a
tests_unit_libkit_a_SOURCES = \
	%D%/kit/accounts.c %D%/kit/accounts.h \
	%D%/kit/dispatch-fixture.c %D%/kit/dispatch-fixture.h \
	%D%/kit/exec-case.c %D%/kit/exec-case.h \
	%D%/kit/fake-logind.c %D%/kit/fake-logind.h \
	%D%/kit/file-case.c %D%/kit/file-case.h \
	%D%/kit/freeze-case.c %D%/kit/freeze-case.h \
	%D%/kit/freeze-script.c %D%/kit/freeze-script.h \
	%D%/kit/gated-commands.c %D%/kit/gated-commands.h \
	%D%/kit/kit.c %D%/kit/kit.h \
	%D%/kit/link.c %D%/kit/link.h \
	%D%/kit/machine.c %D%/kit/machine.h \
	%D%/kit/netlink-script.c %D%/kit/netlink-script.h \
	%D%/kit/refuse-syscall.c %D%/kit/refuse-syscall.h \
	%D%/kit/sample-types.c %D%/kit/sample-types.h

EXTRA_DIST += %D%/data
