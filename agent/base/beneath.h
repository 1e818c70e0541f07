/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/*
 * As openat(2), but confined to the directory @dir_fd unless that is AT_FDCWD (openat2(2),
 * RESOLVE_BENEATH). A path that leaves the directory, also through `..` or an absolute link, fails
 * with EXDEV; a magic link of /proc fails with ELOOP; a kernel before 5.6 fails with ENOSYS.
 */
int open_beneath(int dir_fd, const char *path, int flags, mode_t mode);

/*
 * The rest of @path below @directory, compared as text: a pointer into @path, "." if both are the
 * same, or NULL if @path is not below it. Both are absolute.
 */
const char *path_below(const char *directory, const char *path);
