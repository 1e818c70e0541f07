/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/freeze/engine.h"
#include "commands/freeze/hooks.h"

/*
 * The life of a freeze: hooks, syncing, marker, filesystems, watchdog, thaw. Requests come from
 * workers, the watchdog from the main loop; one thread at a time moves from phase to phase, the
 * others wait or are refused.
 */
typedef struct Freeze Freeze;

typedef enum {
    PHASE_THAWED,
    PHASE_FREEZING, /* from the first hook to the last filesystem */
    PHASE_FROZEN,
    PHASE_THAWING,
} FreezePhase;

/* Why a freeze ended; hooks get it in GUESTD_THAW_REASON. */
typedef enum {
    THAW_BY_HOST,
    THAW_BY_TIMEOUT,
    THAW_AFTER_FAILURE,
    THAW_AT_SHUTDOWN,
} ThawReason;

/* The names of ThawReason, as hooks and the report get them. */
extern const char *const thaw_reasons[];

/* FREEZE_ENDED: the agent has ended the freeze by itself. */
extern const Event event_freeze_ended;

/*
 * Makes the state of the family, and takes over a freeze that an earlier process left.
 * @services must outlive it. Returns NULL with @error set without a free file descriptor.
 * Main thread.
 */
Freeze *freeze_new(const Services *services, GError **error);

/* To be called after freeze_end() with THAW_AT_SHUTDOWN. Main thread. */
void freeze_free(Freeze *freeze);

/*
 * Freezes @mount_points (a List of const char *), or all if NULL, for at most @timeout_s seconds
 * (0: without a limit). Returns how many filesystems are frozen, or -1 with @error set and
 * nothing left frozen. Waits for hooks and disks: for workers.
 */
int freeze_begin(Freeze *freeze, const List *mount_points, gint64 timeout_s, GError **error);

/*
 * Ends the freeze, also one in progress. Without one, THAW_BY_HOST thaws whatever is frozen.
 * Returns how many filesystems were thawed, or -1 with @error set if a hook failed; they are
 * thawed all the same. Waits for hooks and disks. Any thread; THAW_AT_SHUTDOWN main thread.
 */
int freeze_end(Freeze *freeze, ThawReason reason, GError **error);

/* Any thread. */
FreezePhase freeze_phase(Freeze *freeze);

/* The last freeze. All but @phase and @any is empty while a freeze lasts. */
typedef struct {
    FreezePhase phase;
    gboolean any; /* there was a freeze since the agent started */
    ThawReason ended_by;
    guint sync_rounds;
    List items; /* of FreezeItem; strings in the arena */
    List calls; /* of HookCall; strings in the arena */
} FreezeReport;

/* Fills @report with copies in @arena. Any thread. */
void freeze_report(Freeze *freeze, Arena *arena, FreezeReport *report);
