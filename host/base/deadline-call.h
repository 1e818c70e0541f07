/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/deadline.h"

/*
 * A call that takes as long as it takes, such as libvirt's, on a thread of its own, so that
 * whoever makes it need not wait for its end. It cannot be ended: what is given up goes on.
 */
typedef struct Errand Errand;

/* In the errand's thread. Returns FALSE with @error set. */
typedef gboolean (*ErrandFunc)(gpointer data, GError **error);

/*
 * Calls @func(@data), and returns what it does. FALSE with GUESTD_ERROR_TIMED_OUT or _CANCELLED:
 * it goes on, in *@slot, which errand_await() or errand_drop() take. @data is freed with
 * @free_data once it has ended.
 */
gboolean errand_run(Errand **slot, ErrandFunc func, gpointer data, GDestroyNotify free_data,
                    const Deadline *deadline, GError **error);

/* Goes on waiting for what did not end in time; as errand_run(). */
gboolean errand_await(Errand **slot, const Deadline *deadline, GError **error);

/* Nobody asks for its end any more. *@slot may be NULL. */
void errand_drop(Errand **slot);
