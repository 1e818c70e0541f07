/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Threads for work that may block for ever: one more is started whenever none is
 * free. Unlike those of a GThreadPool, the ones that a burst has left over end at once,
 * and none wakes up to find out that there is nothing to do.
 */
typedef struct Workers Workers;

/* @func is called with a task and @context; @keep threads stay for what comes next. */
Workers *workers_new(GFunc func, gpointer context, guint keep);

/* Returns FALSE if there is no thread, nor can one be started. */
gboolean workers_push(Workers *workers, gpointer task);

/* Tasks not begun are forgotten. Does not wait: what is under way goes on. */
void workers_free(Workers *workers);
