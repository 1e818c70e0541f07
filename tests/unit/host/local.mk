# SPDX-License-Identifier: LGPL-2.1-or-later
unit_programs += \
	%D%/backup/test-plan \
	%D%/backup/test-retention \
	%D%/backup/test-set \
	%D%/base/test-deadline \
	%D%/base/test-deadline-call \
	%D%/base/test-digest \
	%D%/base/test-grant \
	%D%/base/test-image-tool \
	%D%/base/test-json-util \
	%D%/base/test-plain-name \
	%D%/base/test-qcow2-header \
	%D%/base/test-rename-new \
	%D%/base/test-stall \
	%D%/base/test-table \
	%D%/base/test-value-get \
	%D%/cli/test-options \
	%D%/metrics/test-exposition \
	%D%/snapshot/test-manifest \
	%D%/snapshot/test-overlay \
	%D%/vm/test-backend \
	%D%/vm/test-condition \
	%D%/vm/test-disk \
	%D%/vm/test-played

tests_unit_host_snapshot_test_manifest_SOURCES = %D%/snapshot/test-manifest.c \
	%D%/vm/played/vm.c %D%/vm/played/vm.h

# guestctl with a backend of the tests, added by the recipe in docs/design.md: its own list of
# backends takes the place of the archive's.
check_PROGRAMS += %D%/vm/guestctl-played
tests_unit_host_vm_guestctl_played_SOURCES = host/main.c \
	%D%/vm/played/backends.c \
	%D%/vm/played/vm.c %D%/vm/played/vm.h

if LIBVIRT
unit_programs += %D%/vm/libvirt/test-domain-xml
endif
