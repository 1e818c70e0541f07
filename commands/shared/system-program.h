/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"
#include "lib/spawn.h"

/*
 * Programs of the system. They are searched below the sysroot, so a test with a sysroot of its
 * own never starts a program of the machine it runs on.
 */

/*
 * Finds @name, an absolute path or a name to search in PATH. Returns its path, to be freed with
 * g_free(), or NULL with errno set.
 */
char *program_find(const Sysroot *root, const char *name);

/*
 * Finds and runs @argv as spawn_run() does, for at most @limit_us microseconds. Returns FALSE
 * with @error set if the program does not exist or cannot be started; otherwise @result is to be
 * cleared with spawn_result_clear(). For workers.
 */
gboolean program_run(const Sysroot *root, const char *const *argv, gint64 limit_us,
                     SpawnResult *result, GError **error);

/* Describes in one line why the program of @result failed, to be freed; NULL if it succeeded. */
char *program_complaint(const SpawnResult *result);
