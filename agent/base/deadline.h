/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Work that may never return, done on a thread of its own. The caller waits until a deadline and
 * then continues without it; the thread exits when its system call returns. To be called from
 * workers, never from the main loop.
 */
typedef struct Deadline Deadline;

/*
 * Starts @func(@data). @data must stay valid until @func returns, whenever that is; if the caller
 * has given up by then, the same thread calls @abandoned(@data). Returns a handle that
 * deadline_wait() frees, or NULL if no thread can be started: then @func was not called and @data
 * stays the caller's.
 */
Deadline *deadline_start(GFunc func, gpointer data, GDestroyNotify abandoned);

/*
 * Waits until @until (monotonic microseconds). Returns TRUE if the work is done: @data belongs to
 * the caller again. Returns FALSE if it is not: the thread continues and owns @data.
 */
gboolean deadline_wait(Deadline *deadline, gint64 until);
