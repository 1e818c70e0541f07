/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/freeze/plan.h"
#include "commands/shared/mounts.h"

/*
 * Selects the filesystems for a freeze, a list of Mount: all, or those with a mount point in
 * @wanted (a List of const char *), without those that match fsfreeze-exclude of the
 * configuration. @plan orders them; it considers the other filesystems, too, since one may be on
 * another by way of a third. Data belongs to @arena. Returns FALSE with @error set.
 */
gboolean freeze_select(const Services *services, const List *wanted, List *mounts, FreezePlan *plan,
                       Arena *arena, GError **error);

/*
 * Selects the mount points in @marked, NULL-terminated, that still exist. Returns FALSE if
 * @marked is NULL, or the mounts cannot be read.
 */
gboolean freeze_select_marked(const Services *services, const char *const *marked, List *mounts,
                              FreezePlan *plan, Arena *arena);

/*
 * Returns whether @pattern, "type:GLOB", "device:GLOB" or a glob of mount points, matches
 * @mount.
 */
gboolean freeze_pattern_matches(const char *pattern, const Mount *mount);
