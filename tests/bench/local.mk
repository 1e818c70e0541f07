# SPDX-License-Identifier: LGPL-2.1-or-later
# Figures beside the reference agent; included by Makefile.am.

EXTRA_PROGRAMS = tests/bench/bench
CLEANFILES += tests/bench/bench$(EXEEXT)
EXTRA_DIST += tests/bench/run

tests_bench_bench_SOURCES = \
	tests/bench/agent.c tests/bench/agent.h \
	tests/bench/bench.c \
	tests/bench/measure.c tests/bench/measure.h \
	tests/bench/proc.c tests/bench/proc.h

# make bench BENCH_FLAGS=--json
bench: guestd$(EXEEXT) tests/bench/bench$(EXEEXT)
	$(srcdir)/tests/bench/run --guestd ./guestd --bench tests/bench/bench $(BENCH_FLAGS)

.PHONY: bench
