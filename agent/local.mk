# SPDX-License-Identifier: LGPL-2.1-or-later

include %D%/base/local.mk
include %D%/schema/local.mk
include %D%/core/local.mk
include %D%/options/local.mk
include %D%/describe/local.mk
