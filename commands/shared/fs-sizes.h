/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "agent/base/sysops.h"
#include "commands/shared/deadline-call.h"

/* What statvfs() tells of one mount. */
typedef struct {
    const char *path;
    bool known; /* it came in time, and without an error */
    struct statvfs sizes;
} FsSizes;

/*
 * Asks for the sizes of @len mounts. One that is stale costs the call no more than a
 * deadline, however many others are stale as well.
 */
void fs_sizes_read(Patience *patience, const SysOps *sysops, FsSizes *mounts, gsize len);
