/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/backup/retention.h"
#include "host/base/reporter.h"

/*
 * The words of guestctl backup that work on a directory of backups, without a VM. Each returns
 * FALSE with @error set; @cancel_fd as in a Deadline.
 */
gboolean store_list(const char *dir, Reporter *reporter, GError **error);

/*
 * Reads and checks all files; fails if a backup is damaged. @deep: also reads all data through QEMU's
 * format driver, and the disks of the newest backup of each chain as a restore does.
 */
gboolean store_verify(const char *dir, gboolean deep, Reporter *reporter, int cancel_fd,
                      GError **error);

/* Removes all backups but what @rules keep and what that depends on; with @dry only reports. */
gboolean store_prune(const char *dir, const Retention *rules, gboolean dry, Reporter *reporter,
                     GError **error);
