/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/magic.h>
#include <sys/vfs.h>

#include "commands/freeze/marker.h"
#include "commands/freeze/private.h"

/* What a freeze tells an agent that is started after this one was killed. */

/*
 * Names @points, not owned, and besides what calls that did not come back may yet freeze, also
 * those of an earlier freeze: with no @points the marker is of these alone.
 */
static gboolean write_marker(Freeze *freeze, GPtrArray *points, gint64 deadline_us, GError **error)
{
    g_auto(GStrv) late = freeze_engine_late(freeze->engine);
    FreezeMarker marker = { .deadline_us = deadline_us,
                            .grace_before = freeze->grace_before,
                            .late = points->len == 0 && late[0] };

    for (char **point = late; *point; point++)
        if (!g_ptr_array_find_with_equal_func(points, *point, g_str_equal, NULL))
            g_ptr_array_add(points, *point);
    g_ptr_array_add(points, NULL);
    marker.mount_points = (char **)points->pdata;
    return freeze_marker_write(freeze->services->sysroot, freeze->services->settings->statedir,
                               &marker, error);
}

gboolean freeze_mark(Freeze *freeze, const List *mounts, gint64 deadline_us, GError **error)
{
    g_autoptr(GPtrArray) points = g_ptr_array_new();

    for (gsize i = 0; i < mounts->len; i++)
        g_ptr_array_add(points, (char *)list_at(mounts, Mount, i)->mount_point);
    return write_marker(freeze, points, deadline_us, error);
}

gboolean freeze_mark_hooks(Freeze *freeze, GError **error)
{
    const List no_mounts = { NULL };

    return !freeze->services->settings->fsfreeze_hook ||
           freeze_mark(freeze, &no_mounts, 0, error);
}

/* A file in memory: a write to any other may wait for a disk, or for what we have frozen. */
static gboolean is_in_memory(const char *dir)
{
    struct statfs info;

    return statfs(dir, &info) == 0 &&
           (info.f_type == TMPFS_MAGIC || info.f_type == RAMFS_MAGIC);
}

void freeze_mark_ours(Freeze *freeze, gint64 deadline_us)
{
    g_autoptr(GPtrArray) ours = g_ptr_array_new();
    g_autoptr(GError) error = NULL;
    gboolean any_foreign = FALSE;
    gsize n;
    const FreezeItem *items = freeze_engine_items(freeze->engine, &n);

    for (gsize i = 0; i < n; i++) {
        if (items[i].state == FREEZE_DONE)
            g_ptr_array_add(ours, items[i].mount_point);
        else if (items[i].state == FREEZE_FOREIGN)
            any_foreign = TRUE;
    }
    if (!any_foreign)
        return;
    if (!is_in_memory(freeze->services->settings->statedir))
        g_message("freeze: the state directory is not in memory, so an agent that takes over "
                  "thaws also what others have frozen");
    else if (!write_marker(freeze, ours, deadline_us, &error))
        g_warning("%s", error->message);
}

void freeze_unmark(Freeze *freeze)
{
    g_auto(GStrv) late = freeze_engine_late(freeze->engine);
    const List no_mounts = { NULL };
    g_autoptr(GError) error = NULL;

    if (!late[0])
        freeze_marker_remove(freeze->services->settings->statedir);
    else if (!freeze_mark(freeze, &no_mounts, 0, &error))
        g_warning("%s", error->message);
}
