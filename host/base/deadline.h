/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How long something may be waited for. */
typedef struct {
    gint64 until;    /* monotonic microseconds */
    int cancel_fd;   /* readable once the user gave up; -1: never */
    gint64 reply_ms; /* for an agent's reply, once it was sent all; 0: what is left */
} Limit;

/* A limit @ms milliseconds from now. */
Limit limit_in(gint64 ms, int cancel_fd);

/* Milliseconds that are left, rounded up; 0: none. */
int limit_left_ms(const Limit *limit);

/*
 * Waits until @fd has one of the poll(2) @events. Returns FALSE with @error
 * GUESTD_ERROR_TIMED_OUT or GUESTD_ERROR_CANCELLED when that did not come about. With
 * @fd -1 it only waits for the end of the limit.
 */
gboolean limit_poll(const Limit *limit, int fd, short events, GError **error);
