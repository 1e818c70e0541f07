/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "agent/base/sysroot.h"
#include "lib/arena.h"

/* The filesystems that freezing, trimming and get-fsinfo deal with. */
typedef struct {
    dev_t device; /* of its superblock; of the source, for btrfs */
    const char *mount_point;
    const char *type;
    const char *source;
    List other_mount_points; /* of const char *: where else it is mounted */
    List mount_ids;          /* of int: of all its mounts; from mountinfo alone */
} Mount;

/*
 * Reads /proc/self/mountinfo (where that cannot be opened, /proc/self/mounts) into @mounts,
 * a list of Mount in its order: one entry for each filesystem on a block device
 * (the first mount of each), and btrfs by the device it is mounted from. A @device
 * of 0, from /proc/self/mounts alone, is unknown. Strings belong to @arena.
 * Returns FALSE with @error set if the table cannot be read.
 */
gboolean mounts_read(const Sysroot *sysroot, List *mounts, Arena *arena, GError **error);
