# SPDX-License-Identifier: LGPL-2.1-or-later

include %D%/base/local.mk
include %D%/wire/local.mk
include %D%/vm/local.mk
include %D%/guest/local.mk
include %D%/snapshot/local.mk
include %D%/backup/local.mk
include %D%/files/local.mk
include %D%/metrics/local.mk
include %D%/cli/local.mk
include %D%/verbs/local.mk
