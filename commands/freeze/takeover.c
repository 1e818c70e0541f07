/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/marker.h"
#include "commands/freeze/private.h"
#include "commands/freeze/rcu.h"
#include "commands/freeze/select.h"

/* Hooks were asked to freeze by an agent that ended before anything was frozen. */
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

/* Not before the loop runs: a daemon's fork would leave the thread behind. */
static gboolean start_release(gpointer data)
{
    Freeze *freeze = data;

    freeze->release_source = 0;
    /* Hooks may take their time, so there is no way without a thread. */
    if (!freeze_start_thread(freeze, "release", release))
        freeze->release_source = g_timeout_add_seconds(1, start_release, freeze);
    return G_SOURCE_REMOVE;
}

void freeze_finish_take_over(Freeze *freeze)
{
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

    if (!freeze_marker_read(services->sysroot, services->settings->statedir, &marker))
        return;
    /* The log's file may be on a frozen filesystem. */
    log_hold(services->log, TRUE);
    quick_grace_end(services->sysroot, marker.grace_before);
    if (marker.late) {
        /* That freeze had failed; only what came back after its agent's end is frozen. */
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
