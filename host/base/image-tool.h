/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/deadline.h"

/*
 * Runs a program to its end; @argv is NULL-terminated. What it wrote goes to @output, the
 * caller's, which may be NULL. Returns FALSE with @error set, which has the last line that it
 * wrote, if it failed; the program is ended when the user gave up.
 */
gboolean tool_run(const char *const *argv, int cancel_fd, GString **output, GError **error);

/* The sha256 of the file's content, in hex, the caller's; NULL with @error set. */
char *tool_sha256(const char *path, int cancel_fd, GError **error);

/* Bytes that a user may still write to the filesystem of @path, or the one it would be made in. */
gboolean tool_free_space(const char *path, gint64 *bytes, GError **error);

/*
 * Keeps room for the file to grow to @bytes, so that nobody else can fill the disk meanwhile.
 * Where the filesystem cannot do that, it is left.
 */
gboolean tool_reserve(const char *path, gint64 bytes, GError **error);
/* Gives back what of it is behind the file's end. */
void tool_unreserve(const char *path);

/* Waits until the file's content is on the disk. */
gboolean tool_sync(const char *path, GError **error);
