/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/stat.h>

/*
 * Follows the absolute @path as the kernel would, links and all, but through no directory
 * in which others than root and the agent's own user can put something else into its place. So
 * what it leads to now it leads to until one of those two changes it, and nothing
 * can happen between a look at it and its use. Returns the path without links, to be freed, and
 * in @info what is there; or NULL with @error set, to GUESTD_ERROR_FORBIDDEN if
 * others can change it.
 */
char *safe_path(const char *path, struct stat *info, GError **error);

/* Whether others than root and the agent's own user may write to the file of @info. */
gboolean others_may_write(const struct stat *info);
