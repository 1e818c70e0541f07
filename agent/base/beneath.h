/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/*
 * As openat(2); but below the directory @dir_fd, if that is not AT_FDCWD: a path that leaves it on its
 * way fails with EXDEV, also through `..` and absolute links, and one through a
 * link of /proc that is none fails with ELOOP. A kernel that cannot do that (before 5.6) fails with
 * ENOSYS.
 */
int open_beneath(int dir_fd, const char *path, int flags, mode_t mode);

/*
 * What is left of @path behind @directory, by their letters alone: a part of @path, "." if they
 * are the same, or NULL if it is not below it. Both are absolute.
 */
const char *path_below(const char *directory, const char *path);
