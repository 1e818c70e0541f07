/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "host/cli/verb.h"

/*
 * The window in which a guest's filesystems stand still, for whatever copies its disks:
 *
 *   quiesce_init(&window, vm, mode, limit_s);
 *   if (!quiesce_begin(&window, &error)) ...nothing is frozen, stop here...
 *   ...the copy begins; whether that succeeds or not:
 *   quiesce_end(&window, &error);
 *   ...only now the label is known...
 *   quiesce_clear(&window);
 *
 * The guest is thawed on every path. Used by one thread at a time.
 */

typedef enum {
    QUIESCE_NONE,    /* no freeze: what is copied is crash-consistent */
    QUIESCE_TRY,     /* without a freeze it goes on, and says so */
    QUIESCE_REQUIRE, /* without a freeze it does not begin */
} QuiesceMode;

typedef struct {
    Vm *vm;
    QuiesceMode mode;
    gint64 limit_s; /* for the freeze */
    gboolean guestd;        /* the agent thaws by itself in the end, and reports */
    gboolean owed;          /* a freeze was asked for: a thaw has to follow */
    gint64 filesystems;     /* that the freeze told of; 0: none */
    gint64 thawed;          /* that the thaw told of; -1: none was answered */
    gboolean late;          /* it was thawed without knowing what is copied */
    gboolean unsure;        /* an earlier thaw may have been carried out unheard */
    gint64 began, ended;    /* monotonic: the freeze was answered, the thaw was */
    gint64 began_at, ended_at; /* the same by the clock, microseconds; 0: was not */
    gboolean consistent; /* after quiesce_end() */
    char *reason;        /* why it is not */
    char *report;        /* guestd's own, as JSON, or NULL */
    GString *left_out;   /* mount points that were not frozen, each with why; NULL: none known */
} Quiesce;

/* Rows for the options of verbs that quiesce. */
#define QUIESCE_OPTIONS                                                                            \
    { "quiesce", "[=require|try|none]",                                                            \
      "freeze the guest's filesystems meanwhile; try goes on without if it cannot" },              \
    { "freeze-limit", "SECONDS", "for the freeze, and for QEMU's answer in it (10 at most); default 30" }

/*
 * How long a guest is held frozen for an answer of QEMU's: a guest that stands still is worse
 * than a copy that is not consistent.
 */
#define QUIESCE_HOLD_MS 10000

/* How long the answer is waited for after that. */
#define QUIESCE_LATE_MS 60000

/* What the options of a job say; none without --quiesce. FALSE with GUESTD_ERROR_USAGE. */
gboolean quiesce_options(const Job *job, QuiesceMode *mode, gint64 *limit_s, GError **error);

void quiesce_init(Quiesce *window, Vm *vm, QuiesceMode mode, gint64 limit_s);

/*
 * Freezes. FALSE with @error if that failed and is required, or if the user gave up: then
 * nothing is frozen, or @error says that it may be.
 */
gboolean quiesce_begin(Quiesce *window, GError **error);

/* For what is done in the window, in milliseconds. */
gint64 quiesce_hold_ms(const Quiesce *window);

/*
 * What was begun in the window has ended with @problem, such as no answer in quiesce_hold_ms():
 * nobody will know whether it was done before the thaw, which is next.
 */
void quiesce_late(Quiesce *window, const GError *problem);

/*
 * Thaws, whatever the user does meanwhile, and again through a new connection if that fails;
 * finds out whether the guest was frozen all the time. FALSE with @error if the guest may be
 * frozen still. Does nothing if nothing is owed.
 */
gboolean quiesce_end(Quiesce *window, GError **error);

/* "consistent" or "crash-consistent". */
const char *quiesce_label(const Quiesce *window);

/* For how long, in milliseconds; 0 if it was not frozen. */
double quiesce_frozen_ms(const Quiesce *window);

/* Label, and why or how long, in one line without its end; the caller's. */
char *quiesce_text(const Quiesce *window);

/*
 * For a manifest, adds to @object: "label", "reason", "filesystems", "frozen-ms", "window"
 * (UTC, from the answer of the freeze to that of the thaw), "guestd-report".
 */
void quiesce_to_json(const Quiesce *window, JsonObject *object);

/* @at microseconds since 1970, in UTC, as ISO 8601; the caller's. */
char *utc_text(gint64 at);

void quiesce_clear(Quiesce *window);
