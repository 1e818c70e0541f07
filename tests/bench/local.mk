# SPDX-License-Identifier: LGPL-2.1-or-later
# Figures beside the reference agent; included by Makefile.am.

EXTRA_PROGRAMS = tests/bench/bench
CLEANFILES += tests/bench/bench$(EXEEXT)
EXTRA_DIST += tests/bench/run tests/bench/blocked tests/bench/host tests/bench/interfaces tests/bench/mounts tests/bench/stall tests/bench/stall-writer.c tests/bench/window

tests_bench_bench_LDADD =
tests_bench_bench_SOURCES = \
	tests/bench/agent.c tests/bench/agent.h \
	tests/bench/bench.c \
	tests/bench/bulk.c tests/bench/bulk.h \
	tests/bench/measure.c tests/bench/measure.h \
	tests/bench/proc.c tests/bench/proc.h

#? bench: measures guestd beside the reference agent
# make bench BENCH_FLAGS=--json
bench: guestd$(EXEEXT) tests/bench/bench$(EXEEXT)
	$(srcdir)/tests/bench/run --guestd ./guestd --bench tests/bench/bench $(BENCH_FLAGS)

#? bench-stall: measures how long a freeze stalls writers; needs root and up to 3 GiB of disk
bench-stall: guestd$(EXEEXT)
	GUESTD=$(abs_builddir)/guestd $(srcdir)/tests/bench/stall $(BENCH_FLAGS)

#? bench-mounts: measures freeze and guest-get-fsinfo with 20, 100 and 200 mounts
bench-mounts: guestd$(EXEEXT)
	GUESTD=$(abs_builddir)/guestd $(srcdir)/tests/bench/mounts $(BENCH_FLAGS)

#? soak: looks for zombies and growth after 200,000 commands and 20,000 programs
soak: guestd$(EXEEXT)
	GUESTD=$(abs_builddir)/guestd $(top_srcdir)/tests/soak/run $(SOAK_FLAGS)

#? bench-interfaces: measures guest-network-get-interfaces with 10 to 4000 interfaces
bench-interfaces: guestd$(EXEEXT)
	GUESTD=$(abs_builddir)/guestd $(srcdir)/tests/bench/interfaces $(BENCH_FLAGS)

#? bench-blocked: measures other clients while commands are blocked for a minute
bench-blocked: guestd$(EXEEXT)
	GUESTD=$(abs_builddir)/guestd $(srcdir)/tests/bench/blocked $(BENCH_FLAGS)

#? bench-window: measures how long a backup freezes a guest, beside virtnbdbackup; needs root
bench-window: guestd$(EXEEXT) guestctl$(EXEEXT)
	GUESTD=$(abs_builddir)/guestd GUESTCTL=$(abs_builddir)/guestctl $(srcdir)/tests/bench/window $(BENCH_FLAGS)

#? bench-host: measures backup and restore beside virtnbdbackup and qemu-img; needs root
bench-host: guestd$(EXEEXT) guestctl$(EXEEXT)
	GUESTD=$(abs_builddir)/guestd GUESTCTL=$(abs_builddir)/guestctl $(srcdir)/tests/bench/host $(BENCH_FLAGS)

.PHONY: soak bench bench-host bench-window bench-blocked bench-stall bench-mounts bench-interfaces
