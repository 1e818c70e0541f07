/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Threads for work that may block for ever: a new one is started whenever none is free. Unlike
 * those of a GThreadPool, surplus threads exit as soon as a burst is over, and none wakes up only
 * to find that there is nothing to do.
 */
typedef struct Workers Workers;

/* Calls @func with each task and @context. @keep idle threads stay for the next tasks. */
Workers *workers_new(GFunc func, gpointer context, guint keep);

/* Returns FALSE if no thread exists and none can be started. */
gboolean workers_push(Workers *workers, gpointer task);

/* Drops the tasks that have not started. Does not wait for those that run. */
void workers_free(Workers *workers);
