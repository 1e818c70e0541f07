/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/deadline-call.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/errors.h"

/* Shared with its thread; the last of the two that lets go frees it. */
struct Errand {
    ErrandFunc func;
    gpointer data;
    GDestroyNotify free_data;
    int end_fd; /* readable once it has ended, and what follows is set */
    gboolean ok;
    GError *error;
};

static void clear(gpointer data)
{
    Errand *errand = data;

    errand->free_data(errand->data);
    close(errand->end_fd);
    g_clear_error(&errand->error);
}

static void let_go(Errand *errand)
{
    g_atomic_rc_box_release_full(errand, clear);
}

static gpointer perform(gpointer data)
{
    Errand *errand = data;
    guint64 one = 1;
    ssize_t n;

    errand->ok = errand->func(errand->data, &errand->error);
    n = write(errand->end_fd, &one, sizeof one);
    (void)n; /* an eventfd takes its first number */
    let_go(errand);
    return NULL;
}

static gboolean start(Errand *errand, GError **error)
{
    GThread *thread;

    if (errand->end_fd < 0)
        return set_errno_error(error, errno, "eventfd");
    g_atomic_rc_box_acquire(errand);
    thread = g_thread_try_new("errand", perform, errand, error);
    if (thread)
        g_thread_unref(thread);
    else
        let_go(errand);
    return thread != NULL;
}

gboolean errand_run(Errand **slot, ErrandFunc func, gpointer data, GDestroyNotify free_data,
                    const Deadline *deadline, GError **error)
{
    Errand *errand = g_atomic_rc_box_new0(Errand);

    errand->func = func;
    errand->data = data;
    errand->free_data = free_data;
    errand->end_fd = eventfd(0, EFD_CLOEXEC);
    errand_drop(slot);
    *slot = errand;
    if (start(errand, error))
        return errand_await(slot, deadline, error);
    errand_drop(slot);
    return FALSE;
}

gboolean errand_await(Errand **slot, const Deadline *deadline, GError **error)
{
    Errand *errand = *slot;
    gboolean ok;

    if (!errand)
        return set_error(error, "nothing is under way");
    if (!deadline_poll(deadline, errand->end_fd, POLLIN, error))
        return FALSE;
    ok = errand->ok;
    if (errand->error)
        g_propagate_error(error, g_steal_pointer(&errand->error));
    errand_drop(slot);
    return ok;
}

void errand_drop(Errand **slot)
{
    if (*slot)
        let_go(*slot);
    *slot = NULL;
}
