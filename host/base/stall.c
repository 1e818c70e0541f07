/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/stall.h"

#include "host/base/reporter.h"
#include "lib/errors.h"

#define LOOK_MS 500

gboolean stall_look(Stall *stall, guint64 counter, gint64 now)
{
    if (stall->since == 0 || counter != stall->counter) {
        *stall = (Stall){ .counter = counter, .since = now, .more_s = stall->more_s };
        return FALSE;
    }
    if (stall->found || now - stall->since < (STALL_S + stall->more_s) * G_USEC_PER_SEC)
        return FALSE;
    stall->found = TRUE;
    return TRUE;
}

void stall_warn(const Stall *stall, const char *what)
{
    const Reporter reporter = { .subject = what };

    reporter_warn(&reporter, "no progress for %d s", STALL_S + (int)stall->more_s);
}

gboolean stall_call(DeadlineFunc func, gpointer data, GDestroyNotify clear, const gint *steps,
                    const char *what, int cancel_fd, GError **error)
{
    DeadlineCall *call = NULL;
    Deadline look = deadline_in(LOOK_MS, cancel_fd);
    g_autoptr(GError) problem = NULL;
    Stall stall = { 0 };
    gboolean ok = deadline_call_run(&call, func, data, clear, &look, &problem);

    /* Only an error of the wait leaves the call in its slot. */
    while (!ok && call && g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT)) {
        if (stall_look(&stall, steps ? (guint64)g_atomic_int_get(steps) : 0,
                       g_get_monotonic_time()))
            stall_warn(&stall, what);
        g_clear_error(&problem);
        look = deadline_in(LOOK_MS, cancel_fd);
        ok = deadline_call_await(&call, &look, &problem);
    }
    deadline_call_drop(&call);
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    return ok;
}
