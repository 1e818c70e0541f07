/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"
#include "lib/spawn.h"

/*
 * Programs of the system. They are looked for below the sysroot, so with a test's own
 * sysroot nothing of the machine it runs on is ever started.
 */

/*
 * Where @name is, an absolute path or a name to look for in PATH; the caller's to
 * g_free(). NULL with errno set if there is no such program.
 */
char *program_find(const Sysroot *root, const char *name);

/*
 * Finds and runs @argv as spawn_run() does, for at most @limit_us. FALSE with @error
 * set if it is not there or cannot be started; otherwise @result is to be cleared.
 */
gboolean program_run(const Sysroot *root, const char *const *argv, gint64 limit_us,
                     SpawnResult *result, GError **error);

/* Why a program that was run did not end well, one line, to be freed; NULL if it did. */
char *program_complaint(const SpawnResult *result);
