/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "agent/base/sysops.h"
#include "commands/shared/deadline-call.h"

/* The result of statvfs(3) for one mount. */
typedef struct {
    const char *path;
    bool known; /* the call returned in time and without an error */
    struct statvfs sizes;
} FsSizes;

/*
 * Fills in the sizes of @len mounts. Those that do not respond take two seconds in total,
 * however many they are. For workers.
 */
void fs_sizes_read(Patience *patience, const SysOps *sysops, FsSizes *mounts, gsize len);
