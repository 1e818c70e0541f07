/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/cli/verb.h"
#include "host/guest/quiesce.h"

/* Rows for the options of verbs that quiesce. */
#define QUIESCE_OPTIONS                                                                            \
    { "quiesce", "[=require|try|none|MOUNT-POINT,…]",                                              \
      "freeze the guest's filesystems meanwhile, all or those at the mount points; "               \
      "try: copy even if that fails" },                                                            \
    { "freeze-limit", "SECONDS",                                                                   \
      "for the freeze, and for QEMU's answer during it (10 at most); default 30" }

/*
 * Reads these options of a job; without --quiesce the mode is QUIESCE_NONE, and with mount points
 * QUIESCE_REQUIRE. The caller clears @plan. FALSE with GUESTD_ERROR_USAGE.
 */
gboolean quiesce_options(const Job *job, QuiescePlan *plan, GError **error);
