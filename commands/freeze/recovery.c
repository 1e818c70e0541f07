/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/magic.h>
#include <sys/vfs.h>

#include "agent/base/main-thread.h"
#include "commands/freeze/marker.h"
#include "commands/freeze/private.h"
#include "commands/freeze/rcu.h"
#include "commands/freeze/select.h"

/*
 * The marker that a freeze keeps for an agent that starts after this one was killed, and how that
 * agent takes the freeze over.
 */

/*
 * Writes a marker with @points, not owned, and with the mount points that calls which did not
 * return may yet freeze, also those of an earlier freeze: without @points the marker has only
 * these.
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

/* Whether a write to a file in @dir waits for no disk, and for nothing that is frozen. */
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
        g_message("freeze: the state directory is not in memory; after a restart the agent also "
                  "thaws what others have frozen");
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

/* ---- after a restart */

/* Calls the hooks of an agent that exited before it froze anything. */
static void release_hooks(Freeze *freeze)
{
    freeze_hooks_thaw(freeze->hooks, thaw_reasons[THAW_AFTER_FAILURE], NULL);
    freeze_marker_remove(freeze->services->settings->statedir);
    freeze_set_phase(freeze, PHASE_THAWED);
}

static gpointer release(gpointer data)
{
    release_hooks(data);
    freeze_leave(data);
    return NULL;
}

/* Not before the main loop runs: the fork of -d would leave the thread behind. */
static gboolean start_release(gpointer data)
{
    Freeze *freeze = data;

    freeze->release_source = 0;
    /* Hooks may take long, so they are not called on the main loop. */
    if (!freeze_start_thread(freeze, "release", release))
        freeze->release_source = g_timeout_add_seconds(1, start_release, freeze);
    return G_SOURCE_REMOVE;
}

void freeze_finish_take_over(Freeze *freeze)
{
    assert_main_thread();
    if (!freeze->release_source)
        return;
    g_source_remove(freeze->release_source);
    freeze->release_source = 0;
    release_hooks(freeze);
}

static void adopt_marked(Freeze *freeze, const FreezeMarker *marker)
{
    const Services *services = freeze->services;
    g_autoptr(Arena) arena = arena_new();
    List mounts = { NULL };
    FreezePlan plan;

    if (freeze_select_marked(services, (const char *const *)marker->mount_points, &mounts, &plan,
                             arena))
        freeze_engine_adopt(freeze->engine, &mounts, &plan);
    g_warning("taking over %" G_GSIZE_FORMAT " filesystems from before the restart", mounts.len);
}

void freeze_take_over(Freeze *freeze)
{
    const Services *services = freeze->services;
    FreezeMarker marker;

    assert_main_thread();
    if (!freeze_marker_read(services->sysroot, services->settings->statedir, &marker))
        return;
    /* The log's file may be on a frozen filesystem. */
    log_hold(services->log, TRUE);
    quick_grace_end(services->sysroot, marker.grace_before);
    if (marker.late) {
        /* That freeze failed; only calls that returned after its agent exited froze anything. */
        adopt_marked(freeze, &marker);
        freeze_engine_thaw(freeze->engine);
    }
    if (marker.late || !marker.mount_points || !marker.mount_points[0]) {
        freeze->phase = PHASE_THAWING;
        freeze->release_source = g_idle_add(start_release, freeze);
    } else {
        adopt_marked(freeze, &marker);
        freeze->any = TRUE;
        freeze->phase = PHASE_FROZEN;
        freeze_enter_frozen_state(freeze, marker.deadline_us);
    }
    if (freeze->phase != PHASE_FROZEN)
        log_hold(services->log, FALSE);
    freeze_marker_clear(&marker);
}
