/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Until when to wait, and what cancels the wait. */
typedef struct {
    gint64 until;    /* monotonic microseconds */
    int cancel_fd;   /* readable once the user cancelled; -1: never */
    gint64 reply_ms; /* for the agent's reply once the whole request was sent; 0: the time left */
} Deadline;

/* A deadline @ms milliseconds from now. */
Deadline deadline_in(gint64 ms, int cancel_fd);

/* Milliseconds that are left, rounded up; 0: none. */
int deadline_left_ms(const Deadline *deadline);

/*
 * Waits until @fd has one of the poll(2) @events. Returns FALSE with @error
 * GUESTD_ERROR_TIMED_OUT or GUESTD_ERROR_CANCELLED if it did not. With @fd -1 the function only
 * waits for the deadline.
 */
gboolean deadline_poll(const Deadline *deadline, int fd, short events, GError **error);
