# SPDX-License-Identifier: LGPL-2.1-or-later

lints = \
	%D%/circles \
	%D%/commits \
	%D%/english \
	%D%/folders \
	%D%/includes \
	%D%/links \
	%D%/manuals \
	%D%/size \
	%D%/spdx \
	%D%/state \
	%D%/symbols
TESTS += $(lints) %D%/self-test
EXTRA_DIST += $(lints) %D%/commit-msg %D%/self-test %D%/tree.py
EXTRA_DIST += %D%/tools tests/coverage .clang-tidy .clang-format .editorconfig .pre-commit-config.yaml

run_tools = $(AM_TESTS_ENVIRONMENT) srcdir='$(abs_srcdir)' \
	LINT_CFLAGS='$(DEFS) -I. $(AM_CPPFLAGS) $(CPPFLAGS) $(AM_CFLAGS)' $(srcdir)/%D%/tools

#? lint: runs shellcheck, flake8, codespell and mandoc on what each can read
#? lint-all: runs the tools of lint, then gcc -fanalyzer and clang-tidy, for some minutes
.PHONY: lint lint-all
lint: all
	$(run_tools) shellcheck flake8 codespell mandoc
lint-all: all
	$(run_tools)

#? coverage: builds in build-coverage/ and reports the lines and branches that the tests run
.PHONY: coverage
coverage:
	$(srcdir)/tests/coverage $(COVERAGE_FLAGS)
