/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/stat.h>

/*
 * Resolves the absolute @path as the kernel does, but only through directories in which no user but
 * root and the agent's own can replace an entry. So the result stays valid until one of those two
 * users changes it, and nothing can happen between a check and its use. Returns the path without
 * links, which the caller frees, and in @info the file's status; or NULL with @error set,
 * GUESTD_ERROR_FORBIDDEN if other users can replace an entry.
 */
char *safe_path(const char *path, struct stat *info, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Whether users other than root and the agent's own may write to the file of @info. */
gboolean others_may_write(const struct stat *info);
