# SPDX-License-Identifier: LGPL-2.1-or-later
unit_programs += \
	%D%/base/test-json-util
