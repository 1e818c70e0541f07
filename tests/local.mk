# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests, fuzz targets and lints; included by Makefile.am. `make check` runs
# them all, and tests/fuzz/run looks for new inputs.

LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = \
	G_TEST_SRCDIR='$(abs_top_srcdir)/tests/unit'; export G_TEST_SRCDIR; \
	G_TEST_BUILDDIR='$(abs_top_builddir)/tests/unit'; export G_TEST_BUILDDIR; \
	OBJDUMP='$(OBJDUMP)'; export OBJDUMP; \
	SANITIZERS='$(SANITIZE_CFLAGS)'; export SANITIZERS;

check_PROGRAMS =
TESTS =

# ---- fuzz targets: libFuzzer's with --enable-fuzzers, else replayed over the corpus

fuzz_programs = \
	tests/fuzz/fuzz-base64 \
	tests/fuzz/fuzz-framer \
	tests/fuzz/fuzz-reader \
	tests/fuzz/fuzz-request \
	tests/fuzz/fuzz-os-release \
	tests/fuzz/fuzz-proc-stat \
	tests/fuzz/fuzz-diskstats \
	tests/fuzz/fuzz-route \
	tests/fuzz/fuzz-rtnetlink \
	tests/fuzz/fuzz-utmp \
	tests/fuzz/fuzz-authorized-keys \
	tests/fuzz/fuzz-uevent \
	tests/fuzz/fuzz-metrics

check_PROGRAMS += $(fuzz_programs)
EXTRA_DIST += tests/unit/data
EXTRA_DIST += tests/fuzz/run tests/fuzz/json.dict tests/fuzz/text.dict tests/fuzz/corpus

if FUZZERS
AM_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
AM_LDFLAGS += -fsanitize=fuzzer-no-link,address,undefined
fuzz_main =
fuzz_ldflags = -fsanitize=fuzzer
else
fuzz_main = tests/fuzz/replay.c
fuzz_ldflags =
TESTS += $(fuzz_programs)
endif

fuzz_ldadd = libguestd.a $(GLIB_LIBS) $(SYSTEMD_LIBS) $(LIBMOUNT_LIBS) $(LIBUDEV_LIBS) $(LIBMNL_LIBS)
fuzz_link = $(AM_LDFLAGS) $(fuzz_ldflags)

.PHONY: fuzzers
fuzzers: $(fuzz_programs)

tests_fuzz_fuzz_base64_SOURCES = tests/fuzz/fuzz-base64.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_base64_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_base64_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_framer_SOURCES = tests/fuzz/fuzz-framer.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_framer_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_framer_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_reader_SOURCES = tests/fuzz/fuzz-reader.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_reader_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_reader_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz-request.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_request_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_request_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_os_release_SOURCES = tests/fuzz/fuzz-os-release.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_os_release_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_os_release_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_proc_stat_SOURCES = tests/fuzz/fuzz-proc-stat.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_proc_stat_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_proc_stat_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_diskstats_SOURCES = tests/fuzz/fuzz-diskstats.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_diskstats_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_diskstats_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_route_SOURCES = tests/fuzz/fuzz-route.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_route_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_route_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_rtnetlink_SOURCES = tests/fuzz/fuzz-rtnetlink.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_rtnetlink_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_rtnetlink_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_utmp_SOURCES = tests/fuzz/fuzz-utmp.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_utmp_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_utmp_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_authorized_keys_SOURCES = tests/fuzz/fuzz-authorized-keys.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_authorized_keys_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_authorized_keys_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_uevent_SOURCES = tests/fuzz/fuzz-uevent.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_uevent_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_uevent_LDFLAGS = $(fuzz_link)

tests_fuzz_fuzz_metrics_SOURCES = tests/fuzz/fuzz-metrics.c tests/fuzz/fuzz.h $(fuzz_main)
tests_fuzz_fuzz_metrics_LDADD = $(fuzz_ldadd)
tests_fuzz_fuzz_metrics_LDFLAGS = $(fuzz_link)

# ---- unit tests: each links libguestd.a, and json-glib where that is the second reader

unit_programs = \
	tests/unit/test-framer \
	tests/unit/test-framer-limits \
	tests/unit/test-reader \
	tests/unit/test-reader-faults \
	tests/unit/test-json-glib \
	tests/unit/test-writer \
	tests/unit/test-schema \
	tests/unit/test-negatives \
	tests/unit/test-envelope \
	tests/unit/test-commands \
	tests/unit/test-deferred \
	tests/unit/test-dispatch \
	tests/unit/test-barrier \
	tests/unit/test-events \
	tests/unit/test-address-watch \
	tests/unit/test-event-addresses \
	tests/unit/test-event-space \
	tests/unit/test-event-shutdown \
	tests/unit/test-base64 \
	tests/unit/test-audit \
	tests/unit/test-policy \
	tests/unit/test-paths \
	tests/unit/test-options \
	tests/unit/test-roff \
	tests/unit/test-daemon \
	tests/unit/test-log \
	tests/unit/test-base \
	tests/unit/test-conn \
	tests/unit/test-path-watch \
	tests/unit/test-device \
	tests/unit/test-serial \
	tests/unit/test-unix-listen \
	tests/unit/test-vsock-listen \
	tests/unit/test-parse \
	tests/unit/test-families \
	tests/unit/test-patience \
	tests/unit/test-mounts \
	tests/unit/test-netlink \
	tests/unit/test-network \
	tests/unit/test-disk-address \
	tests/unit/test-file \
	tests/unit/test-file-table \
	tests/unit/test-fsinfo \
	tests/unit/test-freeze-levels \
	tests/unit/test-freeze-life \
	tests/unit/test-freeze-plan \
	tests/unit/test-freeze-engine \
	tests/unit/test-freeze-faults \
	tests/unit/test-freeze-hooks \
	tests/unit/test-freeze-log \
	tests/unit/test-freeze-marker \
	tests/unit/test-spawn \
	tests/unit/test-password \
	tests/unit/test-ssh-keys \
	tests/unit/test-hardware \
	tests/unit/test-hotplug \
	tests/unit/test-metrics \
	tests/unit/test-figures \
	tests/unit/test-child \
	tests/unit/test-exec \
	tests/unit/test-power \
	tests/unit/test-set-time

check_PROGRAMS += $(unit_programs)
TESTS += $(unit_programs)
check_LIBRARIES = tests/unit/libkit.a
tests_unit_libkit_a_SOURCES = \
	tests/unit/accounts.c tests/unit/accounts.h \
	tests/unit/kit.c tests/unit/kit.h \
	tests/unit/dispatch-fixture.c tests/unit/dispatch-fixture.h \
	tests/unit/exec-case.c tests/unit/exec-case.h \
	tests/unit/file-case.c tests/unit/file-case.h \
	tests/unit/fake-logind.c tests/unit/fake-logind.h \
	tests/unit/freeze-case.c tests/unit/freeze-case.h \
	tests/unit/freeze-script.c tests/unit/freeze-script.h \
	tests/unit/gated-commands.c tests/unit/gated-commands.h \
	tests/unit/link.c tests/unit/link.h \
	tests/unit/machine.c tests/unit/machine.h \
	tests/unit/netlink-script.c tests/unit/netlink-script.h \
	tests/unit/sample-types.c tests/unit/sample-types.h

unit_ldadd = tests/unit/libkit.a libguestd.a $(GLIB_LIBS) $(SYSTEMD_LIBS) $(LIBMOUNT_LIBS) $(LIBUDEV_LIBS) $(LIBMNL_LIBS)

tests_unit_test_framer_SOURCES = tests/unit/test-framer.c
tests_unit_test_framer_LDADD = $(unit_ldadd)

tests_unit_test_framer_limits_SOURCES = tests/unit/test-framer-limits.c
tests_unit_test_framer_limits_LDADD = $(unit_ldadd)

tests_unit_test_reader_SOURCES = tests/unit/test-reader.c
tests_unit_test_reader_LDADD = $(unit_ldadd)

tests_unit_test_reader_faults_SOURCES = tests/unit/test-reader-faults.c
tests_unit_test_reader_faults_LDADD = $(unit_ldadd)

tests_unit_test_json_glib_SOURCES = tests/unit/test-json-glib.c
tests_unit_test_json_glib_LDADD = $(unit_ldadd) $(JSON_GLIB_LIBS)
tests_unit_test_json_glib_CFLAGS = $(AM_CFLAGS) $(JSON_GLIB_CFLAGS)

tests_unit_test_writer_SOURCES = tests/unit/test-writer.c
tests_unit_test_writer_LDADD = $(unit_ldadd)

tests_unit_test_schema_SOURCES = tests/unit/test-schema.c
tests_unit_test_schema_LDADD = $(unit_ldadd)

tests_unit_test_negatives_SOURCES = tests/unit/test-negatives.c
tests_unit_test_negatives_LDADD = $(unit_ldadd)

tests_unit_test_envelope_SOURCES = tests/unit/test-envelope.c
tests_unit_test_envelope_LDADD = $(unit_ldadd)

tests_unit_test_commands_SOURCES = tests/unit/test-commands.c
tests_unit_test_commands_LDADD = $(unit_ldadd) $(JSON_GLIB_LIBS)
tests_unit_test_commands_CFLAGS = $(AM_CFLAGS) $(JSON_GLIB_CFLAGS)

tests_unit_test_dispatch_SOURCES = tests/unit/test-dispatch.c
tests_unit_test_dispatch_LDADD = $(unit_ldadd)

tests_unit_test_barrier_SOURCES = tests/unit/test-barrier.c
tests_unit_test_barrier_LDADD = $(unit_ldadd)

tests_unit_test_events_SOURCES = tests/unit/test-events.c
tests_unit_test_events_LDADD = $(unit_ldadd)

tests_unit_test_address_watch_SOURCES = tests/unit/test-address-watch.c
tests_unit_test_address_watch_LDADD = $(unit_ldadd)

tests_unit_test_event_addresses_SOURCES = tests/unit/test-event-addresses.c
tests_unit_test_event_addresses_LDADD = $(unit_ldadd)

tests_unit_test_event_space_SOURCES = tests/unit/test-event-space.c
tests_unit_test_event_space_LDADD = $(unit_ldadd)

tests_unit_test_event_shutdown_SOURCES = tests/unit/test-event-shutdown.c
tests_unit_test_event_shutdown_LDADD = $(unit_ldadd)

tests_unit_test_base64_SOURCES = tests/unit/test-base64.c
tests_unit_test_base64_LDADD = $(unit_ldadd)

tests_unit_test_deferred_SOURCES = tests/unit/test-deferred.c
tests_unit_test_deferred_LDADD = $(unit_ldadd)

tests_unit_test_policy_SOURCES = tests/unit/test-policy.c
tests_unit_test_policy_LDADD = $(unit_ldadd)

tests_unit_test_paths_SOURCES = tests/unit/test-paths.c
tests_unit_test_paths_LDADD = $(unit_ldadd)

tests_unit_test_audit_SOURCES = tests/unit/test-audit.c
tests_unit_test_audit_LDADD = $(unit_ldadd)

tests_unit_test_options_SOURCES = tests/unit/test-options.c
tests_unit_test_options_LDADD = $(unit_ldadd)

tests_unit_test_roff_SOURCES = tests/unit/test-roff.c
tests_unit_test_roff_LDADD = $(unit_ldadd)

tests_unit_test_daemon_SOURCES = tests/unit/test-daemon.c
tests_unit_test_daemon_LDADD = $(unit_ldadd)

tests_unit_test_log_SOURCES = tests/unit/test-log.c
tests_unit_test_log_LDADD = $(unit_ldadd)

tests_unit_test_base_SOURCES = tests/unit/test-base.c
tests_unit_test_base_LDADD = $(unit_ldadd)

tests_unit_test_conn_SOURCES = tests/unit/test-conn.c
tests_unit_test_conn_LDADD = $(unit_ldadd)

tests_unit_test_path_watch_SOURCES = tests/unit/test-path-watch.c
tests_unit_test_path_watch_LDADD = $(unit_ldadd)

tests_unit_test_device_SOURCES = tests/unit/test-device.c
tests_unit_test_device_LDADD = $(unit_ldadd)

tests_unit_test_serial_SOURCES = tests/unit/test-serial.c
tests_unit_test_serial_LDADD = $(unit_ldadd)

tests_unit_test_unix_listen_SOURCES = tests/unit/test-unix-listen.c
tests_unit_test_unix_listen_LDADD = $(unit_ldadd)

tests_unit_test_vsock_listen_SOURCES = tests/unit/test-vsock-listen.c
tests_unit_test_vsock_listen_LDADD = $(unit_ldadd)

tests_unit_test_parse_SOURCES = tests/unit/test-parse.c
tests_unit_test_parse_LDADD = $(unit_ldadd)

tests_unit_test_families_SOURCES = tests/unit/test-families.c
tests_unit_test_families_LDADD = $(unit_ldadd)

tests_unit_test_patience_SOURCES = tests/unit/test-patience.c
tests_unit_test_patience_LDADD = $(unit_ldadd)

tests_unit_test_mounts_SOURCES = tests/unit/test-mounts.c
tests_unit_test_mounts_LDADD = $(unit_ldadd)

tests_unit_test_netlink_SOURCES = tests/unit/test-netlink.c
tests_unit_test_netlink_LDADD = $(unit_ldadd)

tests_unit_test_network_SOURCES = tests/unit/test-network.c
tests_unit_test_network_LDADD = $(unit_ldadd)

tests_unit_test_disk_address_SOURCES = tests/unit/test-disk-address.c
tests_unit_test_disk_address_LDADD = $(unit_ldadd)

tests_unit_test_file_SOURCES = tests/unit/test-file.c
tests_unit_test_file_LDADD = $(unit_ldadd)

tests_unit_test_file_table_SOURCES = tests/unit/test-file-table.c
tests_unit_test_file_table_LDADD = $(unit_ldadd)

tests_unit_test_fsinfo_SOURCES = tests/unit/test-fsinfo.c
tests_unit_test_fsinfo_LDADD = $(unit_ldadd)

tests_unit_test_freeze_levels_SOURCES = tests/unit/test-freeze-levels.c
tests_unit_test_freeze_levels_LDADD = $(unit_ldadd)

tests_unit_test_freeze_life_SOURCES = tests/unit/test-freeze-life.c
tests_unit_test_freeze_life_LDADD = $(unit_ldadd)

tests_unit_test_freeze_plan_SOURCES = tests/unit/test-freeze-plan.c
tests_unit_test_freeze_plan_LDADD = $(unit_ldadd)

tests_unit_test_freeze_engine_SOURCES = tests/unit/test-freeze-engine.c
tests_unit_test_freeze_engine_LDADD = $(unit_ldadd)

tests_unit_test_freeze_faults_SOURCES = tests/unit/test-freeze-faults.c
tests_unit_test_freeze_faults_LDADD = $(unit_ldadd)

tests_unit_test_freeze_hooks_SOURCES = tests/unit/test-freeze-hooks.c
tests_unit_test_freeze_hooks_LDADD = $(unit_ldadd)

tests_unit_test_freeze_log_SOURCES = tests/unit/test-freeze-log.c
tests_unit_test_freeze_log_LDADD = $(unit_ldadd)

tests_unit_test_freeze_marker_SOURCES = tests/unit/test-freeze-marker.c
tests_unit_test_freeze_marker_LDADD = $(unit_ldadd)

tests_unit_test_power_SOURCES = tests/unit/test-power.c
tests_unit_test_power_LDADD = $(unit_ldadd)

tests_unit_test_set_time_SOURCES = tests/unit/test-set-time.c
tests_unit_test_set_time_LDADD = $(unit_ldadd)

tests_unit_test_spawn_SOURCES = tests/unit/test-spawn.c
tests_unit_test_spawn_LDADD = $(unit_ldadd)

tests_unit_test_password_SOURCES = tests/unit/test-password.c
tests_unit_test_password_LDADD = $(unit_ldadd)

tests_unit_test_ssh_keys_SOURCES = tests/unit/test-ssh-keys.c
tests_unit_test_ssh_keys_LDADD = $(unit_ldadd)

tests_unit_test_hardware_SOURCES = tests/unit/test-hardware.c
tests_unit_test_hardware_LDADD = $(unit_ldadd)

tests_unit_test_hotplug_SOURCES = tests/unit/test-hotplug.c
tests_unit_test_hotplug_LDADD = $(unit_ldadd)

tests_unit_test_metrics_SOURCES = tests/unit/test-metrics.c
tests_unit_test_metrics_LDADD = $(unit_ldadd)

tests_unit_test_figures_SOURCES = tests/unit/test-figures.c
tests_unit_test_figures_LDADD = $(unit_ldadd)

tests_unit_test_child_SOURCES = tests/unit/test-child.c
tests_unit_test_child_LDADD = $(unit_ldadd)

tests_unit_test_exec_SOURCES = tests/unit/test-exec.c
tests_unit_test_exec_LDADD = $(unit_ldadd)

# ---- lints

lints = tests/lint/includes tests/lint/links tests/lint/manuals tests/lint/spdx tests/lint/size tests/lint/state
TESTS += $(lints)
EXTRA_DIST += $(lints)
