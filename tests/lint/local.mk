# SPDX-License-Identifier: LGPL-2.1-or-later

lints = \
	%D%/includes \
	%D%/links \
	%D%/manuals \
	%D%/size \
	%D%/spdx \
	%D%/state
TESTS += $(lints)
EXTRA_DIST += $(lints)
