/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/deadline.h"

/*
 * A call that may block for ever, such as libvirt's, made on a thread of its own, so that the
 * caller waits for it no longer than a deadline. The call cannot be stopped: after the deadline
 * it continues in its thread, and its result is dropped unless the caller asks for it later.
 */
typedef struct DeadlineCall DeadlineCall;

/* Runs in the call's thread. Returns FALSE with @error set. */
typedef gboolean (*DeadlineFunc)(gpointer data, GError **error);

/*
 * Runs @func(@data) and returns its result. @data is an atomic reference-counted box
 * (g_atomic_rc_box_new()); the call holds a reference of its own, released with @clear as in
 * g_atomic_rc_box_release_full(), so results that @func stores in @data are the caller's to
 * read only after success or an error of @func. Returns FALSE with GUESTD_ERROR_TIMED_OUT or
 * GUESTD_ERROR_CANCELLED if the call is still under way: it is then in *@slot, for
 * deadline_call_await() or deadline_call_drop(), or dropped if @slot is NULL.
 */
gboolean deadline_call_run(DeadlineCall **slot, DeadlineFunc func, gpointer data,
                           GDestroyNotify clear, const Deadline *deadline, GError **error);

/* Waits again for the call in *@slot; returns as deadline_call_run(). */
gboolean deadline_call_await(DeadlineCall **slot, const Deadline *deadline, GError **error);

/* Drops the result of the call in *@slot, which may be NULL. */
void deadline_call_drop(DeadlineCall **slot);
