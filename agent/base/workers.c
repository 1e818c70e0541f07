/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/workers.h"

struct Workers {
    GMutex lock;
    GCond wanted;
    GQueue tasks;
    guint threads;
    guint idle;
    guint keep;
    gboolean ending;
    GFunc func;
    gpointer context;
};

Workers *workers_new(GFunc func, gpointer context, guint keep)
{
    Workers *workers = g_new0(Workers, 1);

    g_mutex_init(&workers->lock);
    g_cond_init(&workers->wanted);
    g_queue_init(&workers->tasks);
    workers->func = func;
    workers->context = context;
    workers->keep = keep;
    return workers;
}

/* The next task, or NULL if this thread is to exit. */
static gpointer next_task(Workers *workers)
{
    while (!workers->ending && workers->tasks.length == 0) {
        if (workers->idle >= workers->keep)
            return NULL;
        workers->idle++;
        g_cond_wait(&workers->wanted, &workers->lock);
        workers->idle--;
    }
    return g_queue_pop_head(&workers->tasks);
}

/* Unlocks. At the end, the last thread frees everything. */
static void leave(Workers *workers)
{
    gboolean last = workers->ending && workers->threads == 0;

    g_mutex_unlock(&workers->lock);
    if (!last)
        return;
    g_mutex_clear(&workers->lock);
    g_cond_clear(&workers->wanted);
    g_free(workers);
}

static gpointer work(gpointer data)
{
    Workers *workers = data;
    gpointer task;

    g_mutex_lock(&workers->lock);
    while ((task = next_task(workers))) {
        g_mutex_unlock(&workers->lock);
        workers->func(task, workers->context);
        g_mutex_lock(&workers->lock);
    }
    workers->threads--;
    leave(workers);
    return NULL;
}

gboolean workers_push(Workers *workers, gpointer task)
{
    GThread *thread;
    gboolean served;

    g_mutex_lock(&workers->lock);
    g_queue_push_tail(&workers->tasks, task);
    if (workers->tasks.length <= workers->idle) {
        g_cond_signal(&workers->wanted);
    } else if ((thread = g_thread_try_new("worker", work, workers, NULL))) {
        workers->threads++;
        g_thread_unref(thread);
    }
    /* If no thread can be started, a busy one takes the task when it is done. */
    served = workers->threads > 0;
    if (!served)
        g_queue_pop_tail(&workers->tasks);
    g_mutex_unlock(&workers->lock);
    return served;
}

void workers_free(Workers *workers)
{
    if (!workers)
        return;
    g_mutex_lock(&workers->lock);
    workers->ending = TRUE;
    g_queue_clear(&workers->tasks);
    g_cond_broadcast(&workers->wanted);
    leave(workers);
}
