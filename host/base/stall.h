/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/deadline-call.h"

/*
 * Work that makes no progress, because a disk or a network hangs, is reported, so that the user can
 * interrupt it.
 */
#define STALL_S 10

/* Zeroed at first. */
typedef struct {
    guint64 counter;
    gint64 since; /* monotonic microseconds; 0: not looked at yet */
    gint64 more_s; /* the caller's: seconds besides STALL_S for which work may pause */
    gboolean found;
} Stall;

/*
 * Whether @counter, which grows as the work proceeds, has just been the same for STALL_S + more_s seconds, by
 * @now in monotonic microseconds; TRUE once for each stall. Look once a second or more often.
 */
gboolean stall_look(Stall *stall, guint64 counter, gint64 now);

/* Warns on standard error that @what has made no progress, after stall_look(). */
void stall_warn(const Stall *stall, const char *what);

/*
 * Runs @func(@data) as deadline_call_run() does, for as long as it takes, and reports stalls of
 * *@steps, which @func increases atomically and which is part of @data (NULL: it never changes).
 * FALSE with @error of @func, or GUESTD_ERROR_CANCELLED once @cancel_fd (-1: never) is readable;
 * the call then continues in its thread.
 */
gboolean stall_call(DeadlineFunc func, gpointer data, GDestroyNotify clear, const gint *steps,
                    const char *what, int cancel_fd, GError **error);
