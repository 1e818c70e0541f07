/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "commands/fsfreeze-core.h"

/* What the files fsfreeze-*.c share; nobody else looks into a Freeze. */

struct Freeze {
    const Services *services;
    GMutex lock;
    GCond changed;
    FreezePhase phase;
    FreezeEngine *engine;
    FreezeHooks *hooks;
    int cancel_fd; /* readable when a freeze under way is to be given up */
    int timer_fd;
    guint timer_source;
    gint64 deadline_us; /* CLOCK_BOOTTIME; 0: none */
    gint64 frozen_since_us; /* CLOCK_BOOTTIME */
    int grace_before;
    gboolean any;
    ThawReason ended_by;
    gboolean host_unaware; /* the watchdog thawed; the host has yet to ask for it */
};

void freeze_set_phase(Freeze *freeze, FreezePhase phase);

/* From here on nothing is written and no child is started; ends at @deadline_us, CLOCK_BOOTTIME. */
void freeze_enter_frozen_state(Freeze *freeze, gint64 deadline_us);

/* Emits event_freeze_ended. */
void freeze_emit_ended(Freeze *freeze, int filesystems, ThawReason reason);

/* Goes on with a freeze that was ours before we were started anew. */
void freeze_take_over(Freeze *freeze);
