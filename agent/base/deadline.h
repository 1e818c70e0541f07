/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Work that may never come back, done on a thread of its own. Whoever waits for
 * it waits until a deadline and then goes on without; the thread ends when the
 * system lets it. To be called from workers, never from the main loop.
 */
typedef struct Deadline Deadline;

/*
 * Starts @func(@data). @data must stay valid until @func is done, whenever that
 * is; then @abandoned(@data) is called, on the same thread, if nobody waits for
 * it any more. Returns a handle for deadline_wait(), which frees it; or NULL if no thread can
 * be had: then @func was not called, and @data is still the caller's.
 */
Deadline *deadline_start(GFunc func, gpointer data, GDestroyNotify abandoned);

/*
 * Waits for the work until @until (monotonic microseconds). Returns TRUE if it is
 * done: @data is the caller's again. FALSE: it goes on alone and owns @data.
 */
gboolean deadline_wait(Deadline *deadline, gint64 until);
