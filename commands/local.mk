# SPDX-License-Identifier: LGPL-2.1-or-later
libguestd_a_SOURCES += \
	%D%/registry.c %D%/registry.h

include %D%/shared/local.mk
include %D%/parse/local.mk
include %D%/session/local.mk
include %D%/system/local.mk
include %D%/freeze/local.mk
include %D%/exec/local.mk
include %D%/file/local.mk
include %D%/storage/local.mk
include %D%/network/local.mk
include %D%/power/local.mk
include %D%/clock/local.mk
include %D%/accounts/local.mk
include %D%/hardware/local.mk
include %D%/metrics/local.mk
