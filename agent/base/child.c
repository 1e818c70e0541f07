/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/child.h"

#include <errno.h>
#include <glib-unix.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct Child {
    pid_t pid;
    int watch_fd; /* -1: reaped */
    guint watch;
    guint deadline;
    guint grace;
    guint grace_ms;
    Capture *captures[CHILD_STREAMS];
    Feed *feed;
    int status;
    gboolean ended;
    gboolean finished;
    gboolean timed_out;
    const ChildEvents *events;
    gpointer data;
};

static void remove_source(guint *source)
{
    if (*source)
        g_source_remove(*source);
    *source = 0;
}

static gboolean pipes_ended(const Child *child)
{
    for (int i = 0; i < CHILD_STREAMS; i++)
        if (child->captures[i] && !capture_ended(child->captures[i]))
            return FALSE;
    return TRUE;
}

static void finish(Child *child)
{
    remove_source(&child->grace);
    child->finished = TRUE;
    child->events->finished(child, child->data);
}

/* Another process holds the pipes open, usually a daemon. */
static gboolean on_grace_over(gpointer data)
{
    Child *child = data;

    child->grace = 0;
    for (int i = 0; i < CHILD_STREAMS; i++)
        if (child->captures[i])
            capture_catch_up(child->captures[i]);
    finish(child);
    return G_SOURCE_REMOVE;
}

static void on_capture(Capture *capture, gpointer data)
{
    Child *child = data;

    (void)capture;
    if (child->ended && !child->finished && pipes_ended(child))
        finish(child);
    else
        child->events->changed(child, child->data);
}

static void on_feed(Feed *feed, gpointer data)
{
    Child *child = data;

    (void)feed;
    child->events->changed(child, child->data);
}

static int as_waitpid(const siginfo_t *info)
{
    if (info->si_code == CLD_EXITED)
        return W_EXITCODE(info->si_status, 0);
    return W_EXITCODE(0, info->si_status) | (info->si_code == CLD_DUMPED ? WCOREFLAG : 0);
}

/* By pid, which the kernel does not reuse before the wait; so no pidfd is needed. */
static void bury(Child *child)
{
    siginfo_t info = { 0 };

    while (waitid(P_PID, (id_t)child->pid, &info, WEXITED) < 0 && errno == EINTR)
        ;
    child->status = as_waitpid(&info);
    child->ended = TRUE;
    close(child->watch_fd);
    child->watch_fd = -1;
}

static gboolean on_end(gint fd, GIOCondition condition, gpointer data)
{
    Child *child = data;

    (void)fd;
    (void)condition;
    child->watch = 0;
    bury(child);
    remove_source(&child->deadline);
    g_clear_pointer(&child->feed, feed_free);
    /* Its last output is in the pipes already, and usually their end, too. */
    for (int i = 0; i < CHILD_STREAMS; i++)
        if (child->captures[i])
            capture_catch_up(child->captures[i]);
    if (pipes_ended(child))
        finish(child);
    else
        child->grace = g_timeout_add(child->grace_ms, on_grace_over, child);
    return G_SOURCE_REMOVE;
}

static gboolean on_deadline(gpointer data)
{
    Child *child = data;

    child->deadline = 0;
    child->timed_out = child_kill(child, SIGKILL, TRUE);
    return G_SOURCE_REMOVE;
}

Child *child_new(const ChildPlan *plan, CaptureBudget *budget, const ChildEvents *events,
                 gpointer data)
{
    Child *child = g_new0(Child, 1);

    child->pid = plan->pid;
    child->watch_fd = plan->watch_fd;
    child->grace_ms = plan->grace_ms;
    child->events = events;
    child->data = data;
    child->watch = g_unix_fd_add(plan->watch_fd, G_IO_IN, on_end, child);
    for (int i = 0; i < CHILD_STREAMS; i++)
        if (plan->out[i] >= 0)
            child->captures[i] =
                capture_new(plan->out[i], plan->limit, budget, on_capture, child);
    if (plan->in >= 0)
        child->feed = feed_new(plan->in, on_feed, child);
    if (plan->timeout_s)
        child->deadline = g_timeout_add(plan->timeout_s * 1000, on_deadline, child);
    return child;
}

void child_free(Child *child)
{
    if (!child)
        return;
    remove_source(&child->watch);
    remove_source(&child->deadline);
    remove_source(&child->grace);
    for (int i = 0; i < CHILD_STREAMS; i++)
        capture_free(child->captures[i]);
    feed_free(child->feed);
    if (child->watch_fd >= 0)
        close(child->watch_fd);
    g_free(child);
}

pid_t child_pid(const Child *child)
{
    return child->pid;
}

gboolean child_finished(const Child *child)
{
    return child->finished;
}

int child_status(const Child *child)
{
    return child->status;
}

gboolean child_timed_out(const Child *child)
{
    return child->timed_out;
}

Capture *child_capture(const Child *child, ChildStream stream)
{
    return child->captures[stream];
}

Capture *child_take_capture(Child *child, ChildStream stream)
{
    return g_steal_pointer(&child->captures[stream]);
}

Feed *child_feed(const Child *child)
{
    return child->feed;
}

gboolean child_kill(Child *child, int signum, gboolean group)
{
    if (!child->ended)
        return kill(group ? -child->pid : child->pid, signum) == 0;
    errno = ESRCH;
    return FALSE;
}
