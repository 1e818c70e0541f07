# SPDX-License-Identifier: LGPL-2.1-or-later
# Fuzz targets: libFuzzer's with --enable-fuzzers, else replayed over the corpus.

fuzz_programs = \
	%D%/fuzz-base64 \
	%D%/fuzz-framer \
	%D%/fuzz-reader \
	%D%/fuzz-request \
	%D%/fuzz-os-release \
	%D%/fuzz-proc-stat \
	%D%/fuzz-diskstats \
	%D%/fuzz-route \
	%D%/fuzz-rtnetlink \
	%D%/fuzz-utmp \
	%D%/fuzz-authorized-keys \
	%D%/fuzz-uevent \
	%D%/fuzz-metrics

check_PROGRAMS += $(fuzz_programs)
EXTRA_DIST += %D%/run %D%/json.dict %D%/text.dict %D%/corpus %D%/fuzz.h

if FUZZERS
AM_CFLAGS += -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=undefined
AM_LDFLAGS += -fsanitize=fuzzer-no-link,address,undefined
fuzz_replay =
fuzz_link = $(AM_LDFLAGS) -fsanitize=fuzzer
else
check_LIBRARIES += %D%/libreplay.a
tests_fuzz_libreplay_a_SOURCES = %D%/replay.c
fuzz_replay = %D%/libreplay.a
fuzz_link = $(AM_LDFLAGS)
TESTS += $(fuzz_programs)
endif

tests_fuzz_fuzz_base64_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_framer_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_reader_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_request_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_os_release_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_proc_stat_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_diskstats_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_route_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_rtnetlink_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_utmp_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_authorized_keys_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_uevent_LDFLAGS = $(fuzz_link)
tests_fuzz_fuzz_metrics_LDFLAGS = $(fuzz_link)

#? fuzzers: builds the targets of libFuzzer; needs configure --enable-fuzzers CC=clang
.PHONY: fuzzers
fuzzers: $(fuzz_programs)
