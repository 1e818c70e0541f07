/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/freeze/engine.h"
#include "commands/freeze/hooks.h"

/*
 * The life of a freeze: hooks, syncing, marker, filesystems, watchdog, thaw.
 * Requests come from workers, the watchdog from the main loop; one at a time
 * moves from phase to phase, the others wait or are refused.
 */
typedef struct Freeze Freeze;

typedef enum {
    PHASE_THAWED,
    PHASE_FREEZING, /* from the first hook to the last filesystem */
    PHASE_FROZEN,
    PHASE_THAWING,
} FreezePhase;

/* Why it ended; hooks are told in GUESTD_THAW_REASON. */
typedef enum {
    THAW_BY_HOST,
    THAW_BY_TIMEOUT,
    THAW_AFTER_FAILURE,
    THAW_AT_SHUTDOWN,
} ThawReason;

extern const char *const thaw_reasons[];

/* The agent itself has ended the freeze. */
extern const Event event_freeze_ended;

/* @services must outlive it. A freeze that an earlier process left is taken over. */
Freeze *freeze_new(const Services *services, GError **error);
void freeze_free(Freeze *freeze);

/*
 * Freezes @mount_points (a List of const char *), or all if NULL, for at most
 * @timeout_s seconds (0: for ever). Returns how many filesystems, or -1 with
 * @error set and nothing left frozen.
 */
int freeze_begin(Freeze *freeze, const List *mount_points, gint64 timeout_s, GError **error);

/*
 * Ends the freeze, also one under way. Without one, thaws whatever is frozen.
 * Returns how many filesystems were thawed, or -1 with @error set if a hook
 * failed; they are thawed all the same.
 */
int freeze_end(Freeze *freeze, ThawReason reason, GError **error);

FreezePhase freeze_phase(Freeze *freeze);

/* What is known of the last freeze, copied to the arena; empty while one lasts. */
typedef struct {
    FreezePhase phase;
    gboolean any; /* there was a freeze since the start */
    ThawReason ended_by;
    guint sync_rounds;
    List items;       /* of FreezeItem; strings in the arena */
    List calls;       /* of HookCall */
} FreezeReport;

void freeze_report(Freeze *freeze, Arena *arena, FreezeReport *report);
