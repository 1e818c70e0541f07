/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "commands/freeze/crew.h"
#include "commands/freeze/plan.h"

/*
 * Freezes and thaws a set of filesystems, in parallel where they do not depend on each other,
 * and never waits for one beyond its deadline. Independent of hooks, markers and requests. For
 * one thread at a time, except for freeze_engine_cancel(). All functions that wait are for
 * workers.
 */
typedef struct FreezeEngine FreezeEngine;

typedef enum {
    FREEZE_PENDING,
    FREEZE_DONE,        /* frozen by this engine, and to be thawed by it */
    FREEZE_FOREIGN,     /* frozen by another process; left alone */
    FREEZE_UNSUPPORTED, /* cannot be frozen, as most read-only or pseudo filesystems */
    FREEZE_SKIPPED,     /* could not be opened, for a harmless reason */
    FREEZE_FAILED,
    FREEZE_LATE, /* the call did not return; it thaws by itself if it ever does */
    FREEZE_THAWED,
} FreezeState;

/* What happened to one filesystem. */
typedef struct {
    char *mount_point;
    char *device; /* "254:0" */
    char *type;
    guint level;
    FreezeState state;
    int errnum;          /* of FREEZE_SKIPPED and FREEZE_FAILED; see freeze_item_reason() */
    gint64 sync_us;      /* of all rounds together */
    gint64 freeze_us;
    gint64 frozen_at;    /* monotonic microseconds */
    gint64 thawed_at;
    CrewFile *file; /* NULL unless open */
    gsize tried;    /* number of mount points that did not lead to it */
} FreezeItem;

/* Why it was skipped or failed, for people; NULL if neither. */
const char *freeze_item_reason(const FreezeItem *item);

typedef struct {
    gint64 presync_target_us; /* a round that takes no longer ends the syncing */
    gint64 presync_limit_us;  /* 0: no syncing before the freeze */
    gint64 until;             /* deadline of the whole freeze, in monotonic microseconds */
} FreezeLimits;

/* @ops must outlive all threads, so it is a constant table. To be freed. */
FreezeEngine *freeze_engine_new(const SysOps *ops);
void freeze_engine_free(FreezeEngine *engine);

/*
 * Forgets the last freeze and opens the filesystems of @mounts and @plan, until @until
 * (monotonic microseconds). One that cannot be opened for a harmless reason, or is hidden by
 * other mounts, is skipped. Returns FALSE with @error set for any other reason.
 */
gboolean freeze_engine_open(FreezeEngine *engine, const List *mounts, const FreezePlan *plan,
                            gint64 until, GError **error);

/* Syncs what is open, in rounds, so that little is left to write during the freeze. */
void freeze_engine_presync(FreezeEngine *engine, const FreezeLimits *limits);

/*
 * Freezes, level by level. Returns how many filesystems, or -1 with @error set; then the caller
 * calls freeze_engine_thaw().
 */
int freeze_engine_freeze(FreezeEngine *engine, const FreezeLimits *limits, GError **error);

/* Ends a freeze in progress, and later ones, as soon as possible; from any thread. */
void freeze_engine_cancel(FreezeEngine *engine);
void freeze_engine_uncancel(FreezeEngine *engine);
gboolean freeze_engine_cancelled(FreezeEngine *engine);

/*
 * The mount points that calls of this or an earlier freeze may yet freeze, as they have not
 * returned; NULL-terminated, to be freed.
 */
char **freeze_engine_late(const FreezeEngine *engine);

/* Thaws what this engine froze, in reverse order. Returns how many filesystems. */
int freeze_engine_thaw(FreezeEngine *engine);

/*
 * Thaws whatever is frozen among @mounts, by any process, as often as it was frozen. Returns how
 * many filesystems that were.
 */
int freeze_engine_drain(FreezeEngine *engine, const List *mounts, const FreezePlan *plan);

/*
 * Takes over @mounts as frozen by an earlier process of the agent: they are opened, and thawed
 * by freeze_engine_thaw().
 */
void freeze_engine_adopt(FreezeEngine *engine, const List *mounts, const FreezePlan *plan);

/* The filesystems of the last freeze, @n of them, and its rounds of syncing, for the report. */
const FreezeItem *freeze_engine_items(const FreezeEngine *engine, gsize *n);
guint freeze_engine_sync_rounds(const FreezeEngine *engine);
