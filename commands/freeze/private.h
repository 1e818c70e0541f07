/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "commands/freeze/life.h"

/* What the files fsfreeze-*.c share; nobody else looks into a Freeze. */

struct Freeze {
    const Services *services;
    GMutex lock;
    GCond changed;
    FreezePhase phase;
    guint users;      /* threads inside; it is not freed before they are out */
    gboolean closed;  /* the agent ends: nothing may be frozen any more */
    FreezeEngine *engine;
    FreezeHooks *hooks;
    int cancel_fd; /* readable when a freeze under way is to be given up */
    int timer_fd;
    guint timer_source;
    guint release_source; /* hooks of before the restart are to be let go on */
    gint64 deadline_us; /* CLOCK_BOOTTIME; 0: none */
    gint64 frozen_since_us; /* CLOCK_BOOTTIME */
    int grace_before;
    gboolean any;
    ThawReason ended_by;
    gboolean host_unaware; /* the watchdog thawed; the host has yet to ask for it */
};

/* Around all that a thread does with it. */
void freeze_enter(Freeze *freeze);
void freeze_leave(Freeze *freeze);

/*
 * Runs @func(@freeze), which calls freeze_leave() at its end, on a thread of its own.
 * Returns FALSE if none can be had.
 */
gboolean freeze_start_thread(Freeze *freeze, const char *name, GThreadFunc func);

void freeze_set_phase(Freeze *freeze, FreezePhase phase);

/* From here on nothing is written and no child is started; ends at @deadline_us, CLOCK_BOOTTIME. */
void freeze_enter_frozen_state(Freeze *freeze, gint64 deadline_us);

/* Emits event_freeze_ended. */
void freeze_emit_ended(Freeze *freeze, int filesystems, ThawReason reason);

/* Writes which filesystems are about to be frozen. */
gboolean freeze_mark(Freeze *freeze, const List *mounts, gint64 deadline_us, GError **error);

/* So that an agent that is started after we were killed lets the hooks go on. */
gboolean freeze_mark_hooks(Freeze *freeze, GError **error);

/*
 * All are frozen, but some by others: only ours are taken over after a restart. The one
 * thing that is written while frozen, and so only where the state directory is in memory,
 * as /run is. Elsewhere, and if we are killed before, the marker names the others, too:
 * better thawed once too often than left frozen.
 */
void freeze_mark_ours(Freeze *freeze, gint64 deadline_us);

/*
 * Nothing of ours is frozen any more. A marker stays only for calls that did not come back and
 * may still freeze something: their threads would thaw it, unless the agent is killed before.
 */
void freeze_unmark(Freeze *freeze);

/* At the agent's end: what has waited for the main loop is done now. */
void freeze_finish_take_over(Freeze *freeze);

/* Goes on with a freeze that was ours before we were started anew. */
void freeze_take_over(Freeze *freeze);
