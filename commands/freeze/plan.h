/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "agent/base/sysroot.h"
#include "commands/shared/mounts.h"
#include "lib/arena.h"

/*
 * In which order filesystems are frozen: one that lies on another, through a
 * loop file, dm or md device, goes before what carries it. Those of one level
 * are independent of each other and freeze in parallel; thaw goes backwards.
 */
typedef struct {
    guint *levels;  /* of each mount, by its index; 0 freezes first */
    guint n_levels;
    gboolean is_fallback; /* no graph could be had: reverse mount order, one by one */
} FreezePlan;

/*
 * Reads the block-device graph of @mounts (a list of Mount) from sysfs, and from loop devices
 * what their files lie on. Never fails: where the graph is cyclic or unreadable, the plan is
 * the fallback.
 */
void freeze_plan(const Sysroot *sysroot, const SysOps *ops, const List *mounts, Arena *arena,
                 FreezePlan *plan);

/* Filesystem @rider lies on filesystem @carrier; both by index. */
typedef struct {
    gsize carrier;
    gsize rider;
} FreezeEdge;

/*
 * The pure part: orders @n filesystems by the FreezeEdges in @edges, which it
 * sorts. Returns FALSE if there is a cycle.
 */
gboolean freeze_levels(GArray *edges, gsize n, Arena *arena, FreezePlan *plan);
