/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "agent/base/sysops.h"

/* Where the file of a loop device lies, as the kernel knows it, whatever became of its path. */
typedef struct {
    dev_t device; /* as stat(2) tells it of the file */
    int point;    /* the index of the mount point on it, if the number is anonymous; or -1 */
} LoopBacking;

/*
 * Asks the loop device @node ("/dev/loop0"). A btrfs file has an anonymous device number, which
 * the mount table does not show: it is looked for among @points, mount points of btrfs, ended
 * by NULL. Asking may hang, so it has a thread and a deadline: *@late tells that it was
 * missed. Returns FALSE if nothing could be had.
 */
gboolean loop_backing_read(const SysOps *ops, const char *node, const char *const *points,
                           LoopBacking *backing, gboolean *late);
