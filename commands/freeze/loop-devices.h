/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "agent/base/sysops.h"

/* The file of a loop device as the kernel has it, whatever happened to the file's path. */
typedef struct {
    dev_t device; /* device number of the file's filesystem, as from stat(2) */
    int point;    /* index of the mount point it is on, if the number is anonymous; or -1 */
} LoopBacking;

/*
 * Queries the loop device @node ("/dev/loop0"; LOOP_GET_STATUS64, loop(4)). A file on btrfs has
 * an anonymous device number, which the mount table does not show: it is compared with those of
 * @points, mount points of btrfs, NULL-terminated. The query may hang, so it has a thread and a
 * deadline; *@late is set if that passed. Returns FALSE if nothing was found out. For workers.
 */
gboolean loop_backing_read(const SysOps *ops, const char *node, const char *const *points,
                           LoopBacking *backing, gboolean *late);
