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
