# SPDX-License-Identifier: LGPL-2.1-or-later
# Unit tests, fuzz targets and lints. `make check` runs them all, and tests/fuzz/run looks for
# new inputs.

LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
AM_TESTS_ENVIRONMENT = \
	G_TEST_SRCDIR='$(abs_top_srcdir)/tests/unit'; export G_TEST_SRCDIR; \
	G_TEST_BUILDDIR='$(abs_top_builddir)/tests/unit'; export G_TEST_BUILDDIR; \
	CC='$(CC)'; export CC; NM='$(NM)'; export NM; OBJDUMP='$(OBJDUMP)'; export OBJDUMP; \
	SANITIZERS='$(SANITIZE_CFLAGS)'; export SANITIZERS;

check_PROGRAMS =
check_LIBRARIES =
TESTS =

# What a program of the tests links unless it says otherwise. An archive gives only what is
# missing: a fuzz target gets its main() from libreplay.a, and no library that it does not use.
LDADD = tests/unit/libkit.a $(fuzz_replay) libguestctl.a libguestd.a libshared.a \
	$(agent_libs) $(host_libs)

include tests/unit/local.mk
include tests/fuzz/local.mk
include tests/lint/local.mk
include tests/bench/local.mk
