/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/deadline.h"

struct Deadline {
    GMutex lock;
    GCond done_cond;
    GFunc func;
    gpointer data;
    GDestroyNotify abandoned;
    gboolean done;
    gboolean alone; /* the waiter has given up */
};

static void deadline_free(Deadline *deadline)
{
    g_mutex_clear(&deadline->lock);
    g_cond_clear(&deadline->done_cond);
    g_free(deadline);
}

static gpointer run(gpointer data)
{
    Deadline *deadline = data;
    gboolean alone;

    deadline->func(deadline->data, NULL);
    g_mutex_lock(&deadline->lock);
    deadline->done = TRUE;
    alone = deadline->alone;
    g_cond_signal(&deadline->done_cond);
    g_mutex_unlock(&deadline->lock);
    if (alone) {
        if (deadline->abandoned)
            deadline->abandoned(deadline->data);
        deadline_free(deadline);
    }
    return NULL;
}

Deadline *deadline_start(GFunc func, gpointer data, GDestroyNotify abandoned)
{
    Deadline *deadline = g_new0(Deadline, 1);
    GThread *thread;

    g_mutex_init(&deadline->lock);
    g_cond_init(&deadline->done_cond);
    deadline->func = func;
    deadline->data = data;
    deadline->abandoned = abandoned;
    thread = g_thread_try_new("deadline", run, deadline, NULL);
    if (!thread) {
        deadline_free(deadline);
        return NULL;
    }
    g_thread_unref(thread);
    return deadline;
}

gboolean deadline_wait(Deadline *deadline, gint64 until)
{
    gboolean done;

    g_mutex_lock(&deadline->lock);
    while (!deadline->done && g_cond_wait_until(&deadline->done_cond, &deadline->lock, until))
        ;
    done = deadline->done;
    deadline->alone = !done;
    g_mutex_unlock(&deadline->lock);
    if (done)
        deadline_free(deadline);
    return done;
}
