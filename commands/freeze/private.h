/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "commands/freeze/life.h"
#include "commands/freeze/watchdog.h"

/* What life.c, recovery.c and event.c share; no other file uses the members of a Freeze. */

struct Freeze {
    const Services *services;
    GMutex lock; /* of phase, users, closed, any; in PHASE_THAWED of all */
    GCond changed;
    FreezePhase phase;
    guint users;     /* threads inside; freeze_free() waits for them */
    gboolean closed; /* the agent is stopping: no freeze may start any more */
    FreezeEngine *engine;
    FreezeHooks *hooks;
    int cancel_fd; /* readable when a freeze in progress is to be given up */
    FreezeWatchdog *watchdog;
    guint release_source; /* calls hooks that an earlier process left in their freeze */
    gint64 frozen_since_us; /* boot_time_us() */
    int grace_before;       /* of quick_grace_before(), while it is changed; else -1 */
    gboolean any;
    ThawReason ended_by;
    gboolean host_unaware; /* the watchdog thawed, and the host has not called thaw since */
};

/* Around everything that a thread does with a Freeze. */
void freeze_enter(Freeze *freeze);
void freeze_leave(Freeze *freeze);

/*
 * Runs @func(@freeze), which calls freeze_leave() at its end, on a new thread. Returns FALSE if
 * no thread can be started.
 */
gboolean freeze_start_thread(Freeze *freeze, const char *name, GThreadFunc func);

void freeze_set_phase(Freeze *freeze, FreezePhase phase);

/*
 * From here on the agent writes to no file and starts no child. The watchdog thaws at
 * @deadline_us, boot_time_us() in microseconds, or never if that is 0.
 */
void freeze_enter_frozen_state(Freeze *freeze, gint64 deadline_us);

/* Emits event_freeze_ended. */
void freeze_emit_ended(Freeze *freeze, int filesystems, ThawReason reason);

/*
 * Writes the marker for @mounts, which are about to be frozen until @deadline_us, boot_time_us()
 * in microseconds. Returns FALSE with @error set.
 */
gboolean freeze_mark(Freeze *freeze, const List *mounts, gint64 deadline_us, GError **error);

/*
 * Writes the marker before the hooks are called: if this agent is killed, the next one calls them
 * for the thaw. Returns FALSE with @error set.
 */
gboolean freeze_mark_hooks(Freeze *freeze, GError **error);

/*
 * All are frozen, but some by others: after a restart the agent takes over only its own. This is
 * the only write while frozen, and it takes place only where the state directory is in memory, as
 * /run is. Elsewhere, and if the agent is killed before, the marker names the others, too: better
 * thawed once too often than left frozen.
 */
void freeze_mark_ours(Freeze *freeze, gint64 deadline_us);

/*
 * Nothing of ours is frozen any more. A marker stays only for calls that did not return and may
 * still freeze a filesystem: their threads would thaw it, unless the agent is killed before.
 */
void freeze_unmark(Freeze *freeze);

/* When the agent stops: calls the hooks that waited for the main loop. Main thread. */
void freeze_finish_take_over(Freeze *freeze);

/* Continues a freeze that an earlier process of this boot started. Main thread. */
void freeze_take_over(Freeze *freeze);
