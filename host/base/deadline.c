/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/deadline.h"

#include <errno.h>
#include <poll.h>

#include "lib/errors.h"

Deadline deadline_in(gint64 ms, int cancel_fd)
{
    return (Deadline){ g_get_monotonic_time() + ms * 1000, cancel_fd };
}

int deadline_left_ms(const Deadline *deadline)
{
    gint64 left = deadline->until - g_get_monotonic_time();

    return (int)CLAMP((left + 999) / 1000, 0, G_MAXINT);
}

gboolean deadline_poll(const Deadline *deadline, int fd, short events, GError **error)
{
    struct pollfd polls[] = {
        { .fd = deadline->cancel_fd, .events = POLLIN },
        { .fd = fd, .events = events },
    };
    int n;

    do {
        n = poll(polls, G_N_ELEMENTS(polls), deadline_left_ms(deadline));
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
