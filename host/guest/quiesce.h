/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "host/vm/vm.h"

/*
 * The window in which a guest's filesystems are frozen while its disks are copied:
 *
 *   quiesce_init(&window, vm, &plan);
 *   if (!quiesce_begin(&window, &error)) ...nothing is frozen, stop here...
 *   ...the copy begins; whether that succeeds or not:
 *   quiesce_end(&window, &error);
 *   ...only now the label is known...
 *   quiesce_clear(&window);
 *
 * The guest is thawed on every path. Used by one thread at a time.
 */

typedef enum {
    QUIESCE_NONE,    /* no freeze: the copy is crash-consistent */
    QUIESCE_TRY,     /* copy even if the freeze fails, and report that */
    QUIESCE_REQUIRE, /* do not copy if the freeze fails */
} QuiesceMode;

/* What is to be frozen. */
typedef struct {
    QuiesceMode mode;
    gint64 limit_s; /* for the freeze */
    char **points;  /* mount points in the guest, each once; NULL: all filesystems */
} QuiescePlan;

void quiesce_plan_clear(QuiescePlan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(QuiescePlan, quiesce_plan_clear)

typedef struct {
    Vm *vm;
    const QuiescePlan *plan;
    gboolean guestd;        /* the agent thaws by itself in the end, and reports */
    gboolean owed;          /* a freeze was asked for: a thaw has to follow */
    gint64 filesystems;     /* that the freeze told of; 0: none */
    gint64 thawed;          /* that the thaw told of; -1: none was answered */
    gboolean late;          /* it was thawed without knowing what is copied */
    gboolean unsure;        /* an earlier thaw may have been carried out unheard */
    gint64 began, ended;    /* monotonic: the freeze was answered, the thaw was */
    gint64 began_at, ended_at; /* the same by the clock, microseconds; 0: was not */
    gboolean off;        /* the VM is */
    gboolean consistent; /* after quiesce_end() */
    char *reason;        /* why it is not */
    char *report;        /* guestd's own, as JSON, or NULL */
    GString *left_out;   /* mount points that were not frozen, each with why; NULL: none known */
} Quiesce;

/*
 * How long a guest is kept frozen while QEMU does not answer: a frozen guest is worse than a copy
 * that is not consistent.
 */
#define QUIESCE_HOLD_MS 10000

/* How long guestctl then waits for the answer. */
#define QUIESCE_LATE_MS 60000

/* @plan is the caller's, and has to last as long as the window. */
void quiesce_init(Quiesce *window, Vm *vm, const QuiescePlan *plan);

/*
 * After quiesce_init(): the VM is off, so there is nothing to freeze. @force, which is taken: how it
 * was ended otherwise than by its guest, so that its disks are as after a power cut; NULL: not so.
 */
void quiesce_off(Quiesce *window, char *force);

/*
 * Freezes the guest. FALSE with @error set if that failed and is required, or if the user
 * cancelled: then nothing is frozen, or @error says that it may be.
 */
gboolean quiesce_begin(Quiesce *window, GError **error);

/* How long the work in the window may take, in milliseconds. */
gint64 quiesce_hold_ms(const Quiesce *window);

/*
 * The work in the window failed with @problem, such as no answer within quiesce_hold_ms(), so it
 * will stay unknown whether it was done before the thaw, which is next.
 */
void quiesce_late(Quiesce *window, const GError *problem);

/*
 * Thaws the guest, not interrupted by the user, and again through a new connection if that fails;
 * finds out whether the guest was frozen all the time. FALSE with @error set if the guest may
 * still be frozen. Does nothing if no thaw is owed.
 */
gboolean quiesce_end(Quiesce *window, GError **error);

/* "consistent", "crash-consistent" or "clean: shut off". */
const char *quiesce_label(const Quiesce *window);

/* How long the guest was frozen, in milliseconds; 0: it was not. */
double quiesce_frozen_ms(const Quiesce *window);

/* The label with its reason or the duration, one line without a newline; the caller's. */
char *quiesce_text(const Quiesce *window);

/*
 * For a manifest, adds to @object: "label", "reason", "filesystems", "mount-points" (if not all were
 * to be frozen), "frozen-ms", "window" (UTC, from the answer of the freeze to that of the thaw),
 * "guestd-report".
 */
void quiesce_to_json(const Quiesce *window, JsonObject *object);

/* @at microseconds since 1970, in UTC, as ISO 8601; the caller's. */
char *utc_text(gint64 at);

void quiesce_clear(Quiesce *window);
