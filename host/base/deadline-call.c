/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/deadline-call.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/errors.h"

/* Shared by the caller and the call's thread; the last reference frees it. */
struct DeadlineCall {
    DeadlineFunc func;
    gpointer data;
    GDestroyNotify clear;
    int end_fd; /* readable once func has returned; then ok and error are set */
    gboolean ok;
    GError *error;
};

static void call_clear(gpointer data)
{
    DeadlineCall *call = data;

    g_atomic_rc_box_release_full(call->data, call->clear);
    if (call->end_fd >= 0)
        close(call->end_fd);
    g_clear_error(&call->error);
}

static void call_unref(DeadlineCall *call)
{
    g_atomic_rc_box_release_full(call, call_clear);
}

static gpointer perform(gpointer data)
{
    DeadlineCall *call = data;
    guint64 one = 1;
    ssize_t n;

    call->ok = call->func(call->data, &call->error);
    n = write(call->end_fd, &one, sizeof one);
    (void)n; /* the first write to an eventfd succeeds */
    call_unref(call);
    return NULL;
}

static gboolean start(DeadlineCall *call, GError **error)
{
    GThread *thread;

    if (call->end_fd < 0)
        return set_errno_error(error, errno, "eventfd");
    g_atomic_rc_box_acquire(call);
    thread = g_thread_try_new("deadline-call", perform, call, error);
    if (thread)
        g_thread_unref(thread);
    else
        call_unref(call);
    return thread != NULL;
}

gboolean deadline_call_run(DeadlineCall **slot, DeadlineFunc func, gpointer data,
                           GDestroyNotify clear, const Deadline *deadline, GError **error)
{
    DeadlineCall *call = g_atomic_rc_box_new0(DeadlineCall);
    DeadlineCall *unwanted = NULL;
    gboolean ok;

    call->func = func;
    call->data = g_atomic_rc_box_acquire(data);
    call->clear = clear;
    call->end_fd = eventfd(0, EFD_CLOEXEC);
    if (!slot)
        slot = &unwanted;
    deadline_call_drop(slot);
    *slot = call;
    ok = start(call, error);
    if (ok)
        ok = deadline_call_await(slot, deadline, error);
    else
        deadline_call_drop(slot);
    deadline_call_drop(&unwanted);
    return ok;
}

gboolean deadline_call_await(DeadlineCall **slot, const Deadline *deadline, GError **error)
{
    DeadlineCall *call = *slot;
    gboolean ok;

    if (!call)
        return set_error(error, "no call is under way");
    if (!deadline_poll(deadline, call->end_fd, POLLIN, error))
        return FALSE;
    ok = call->ok;
    if (call->error)
        g_propagate_error(error, g_steal_pointer(&call->error));
    deadline_call_drop(slot);
    return ok;
}

void deadline_call_drop(DeadlineCall **slot)
{
    if (*slot)
        call_unref(*slot);
    *slot = NULL;
}
