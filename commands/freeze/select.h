/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/freeze/plan.h"
#include "commands/shared/mounts.h"

/*
 * The filesystems that a freeze is to cover, as a list of Mount: all, or those
 * whose mount point is in @wanted (a List of const char *), without what
 * the configuration's fsfreeze-exclude matches. @plan orders them; it knows of the
 * others, too, since one may lie on another by way of a third. Returns FALSE with @error set.
 */
gboolean freeze_select(const Services *services, const List *wanted, List *mounts, FreezePlan *plan,
                       Arena *arena, GError **error);

/* Those of the mount points in @marked that are still there. */
gboolean freeze_select_marked(const Services *services, const char *const *marked, List *mounts,
                              FreezePlan *plan, Arena *arena);

/* Whether @pattern, "type:GLOB", "device:GLOB" or a glob of mount points, matches @mount. */
gboolean freeze_pattern_matches(const char *pattern, const Mount *mount);
