/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/deadline.h"

/* Locks of flock(2) on files that their holders remove at the end. */

/*
 * Waits for the lock of @fd, which is taken. The descriptor with the lock, the caller's; -1 with @error
 * set, as of deadline_call_run(): the file is then closed once the wait in its thread ends.
 */
int file_lock_await(int fd, const Deadline *deadline, GError **error);

/* Whether @fd is still the file @path: a lock on a file that was removed does not count. */
gboolean file_lock_counts(int fd, const char *path);
