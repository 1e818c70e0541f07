/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "agent/base/sysroot.h"
#include "commands/shared/mounts.h"
#include "lib/arena.h"

/*
 * The order in which filesystems are frozen: one that is on another, through a loop file, dm or
 * md device, is frozen before the one that carries it. Those of one level are independent of
 * each other and are frozen in parallel. The thaw has the reverse order.
 */
typedef struct {
    guint *levels;  /* of each mount, by its index; 0 freezes first */
    guint n_levels;
    gboolean is_fallback; /* the graph is unusable: reverse mount order, one by one */
} FreezePlan;

/*
 * Reads the block-device graph of @mounts (a list of Mount) from sysfs, and from loop devices
 * the filesystems of their files. Never fails: if the graph is cyclic or unreadable, the plan is
 * the fallback. May wait for loop devices: for workers.
 */
void freeze_plan(const Sysroot *sysroot, const SysOps *ops, const List *mounts, Arena *arena,
                 FreezePlan *plan);

/* Filesystem @rider is on filesystem @carrier; both are indexes. */
typedef struct {
    gsize carrier;
    gsize rider;
} FreezeEdge;

/*
 * The part without input: orders @n filesystems by the FreezeEdges in @edges, which it sorts.
 * Returns FALSE if there is a cycle.
 */
gboolean freeze_levels(GArray *edges, gsize n, Arena *arena, FreezePlan *plan);
