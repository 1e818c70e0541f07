/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/deadline.h"

#include <errno.h>
#include <poll.h>

#include "lib/errors.h"

Limit limit_in(gint64 ms, int cancel_fd)
{
    return (Limit){ g_get_monotonic_time() + ms * 1000, cancel_fd };
}

int limit_left_ms(const Limit *limit)
{
    gint64 left = limit->until - g_get_monotonic_time();

    return (int)CLAMP((left + 999) / 1000, 0, G_MAXINT);
}

gboolean limit_poll(const Limit *limit, int fd, short events, GError **error)
{
    struct pollfd polls[] = {
        { .fd = limit->cancel_fd, .events = POLLIN },
        { .fd = fd, .events = events },
    };
    int n;

    do {
        n = poll(polls, G_N_ELEMENTS(polls), limit_left_ms(limit));
    } while (n < 0 && errno == EINTR);
    if (n < 0)
        return set_errno_error(error, errno, "poll");
    if (polls[0].revents) {
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED, "interrupted");
        return FALSE;
    }
    if (polls[1].revents)
        return TRUE;
    g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT, "timed out");
    return FALSE;
}
