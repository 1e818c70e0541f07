/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/select.h"

#include <string.h>

gboolean freeze_pattern_matches(const char *pattern, const Mount *mount)
{
    if (g_str_has_prefix(pattern, "type:"))
        return g_pattern_match_simple(pattern + strlen("type:"), mount->type);
    if (g_str_has_prefix(pattern, "device:"))
        return g_pattern_match_simple(pattern + strlen("device:"), mount->source);
    return g_pattern_match_simple(pattern, mount->mount_point);
}

static gboolean is_excluded(const Settings *settings, const Mount *mount)
{
    const GPtrArray *patterns = settings->fsfreeze_exclude;

    for (guint i = 0; patterns && i < patterns->len; i++)
        if (freeze_pattern_matches(patterns->pdata[i], mount))
            return TRUE;
    return FALSE;
}

static gboolean is_wanted(const List *wanted, const Mount *mount)
{
    for (gsize i = 0; wanted && i < wanted->len; i++)
        if (g_str_equal(*list_at(wanted, const char *, i), mount->mount_point))
            return TRUE;
    return wanted == NULL;
}

/* Decides which of all mounts a freeze covers. */
typedef gboolean (*Chooser)(const Services *services, gconstpointer data, const Mount *mount);

/* Orders @all, then keeps the chosen ones with the levels they have in the whole. */
static void choose(const Services *services, const List *all, Chooser chooser, gconstpointer data,
                   List *mounts, FreezePlan *plan, Arena *arena)
{
    gsize n = 0;

    freeze_plan(services->sysroot, services->sysops, all, arena, plan);
    for (gsize i = 0; i < all->len; i++) {
        const Mount *mount = list_at(all, Mount, i);

        if (!chooser(services, data, mount))
            continue;
        *(Mount *)list_append(mounts, arena, sizeof(Mount)) = *mount;
        plan->levels[n++] = plan->levels[i];
    }
}

static gboolean is_chosen(const Services *services, gconstpointer data, const Mount *mount)
{
    return is_wanted(data, mount) && !is_excluded(services->settings, mount);
}

gboolean freeze_select(const Services *services, const List *wanted, List *mounts, FreezePlan *plan,
                       Arena *arena, GError **error)
{
    List all = { NULL };

    if (!mounts_read(services->sysroot, &all, arena, error))
        return FALSE;
    choose(services, &all, is_chosen, wanted, mounts, plan, arena);
    return TRUE;
}

static gboolean is_marked(const Services *services, gconstpointer data, const Mount *mount)
{
    (void)services;
    return g_strv_contains(data, mount->mount_point);
}

gboolean freeze_select_marked(const Services *services, const char *const *marked, List *mounts,
                              FreezePlan *plan, Arena *arena)
{
    List all = { NULL };

    if (!marked || !mounts_read(services->sysroot, &all, arena, NULL))
        return FALSE;
    choose(services, &all, is_marked, marked, mounts, plan, arena);
    return TRUE;
}
