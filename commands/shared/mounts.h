/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "agent/base/sysroot.h"
#include "lib/arena.h"

/* A filesystem, for freezing, trimming and guest-get-fsinfo. */
typedef struct {
    dev_t device; /* of its superblock; of the source, for btrfs */
    const char *mount_point;
    const char *type;
    const char *source;
    List other_mount_points; /* of const char *: the other places where it is mounted */
    List mount_ids;          /* of int: of all its mounts; only from mountinfo */
} Mount;

/*
 * Reads /proc/self/mountinfo, or /proc/self/mounts if it cannot be opened, into @mounts, a list
 * of Mount in the order of the file: one entry for each filesystem on a block device (its first
 * mount), and for each btrfs with the device it is mounted from. A @device of 0, only from
 * /proc/self/mounts, is unknown. Strings belong to @arena. Returns FALSE with @error set if the
 * table cannot be read.
 */
gboolean mounts_read(const Sysroot *sysroot, List *mounts, Arena *arena, GError **error);
