/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "agent/base/sysops.h"
#include "commands/file/allow.h"

/*
 * A file that is written beside another and takes its place at once, or never. Until
 * then it has no name, so that nothing is left of it when the agent dies.
 */
typedef struct Replacement Replacement;

/*
 * Makes a nameless file beside the one of @place. It takes over owner, mode and labels of what is there, or
 * has the mode @perm; with @perm of -1 only if nothing is there, 0666. A link at the end
 * of its path is followed, so that its target is replaced, or fails with ELOOP for @nofollow.
 * Returns its descriptor, for reading and writing and the caller's to close, in @fd; or
 * NULL with errno set.
 */
Replacement *replacement_begin(const FilePlace *place, int perm, gboolean nofollow, const SysOps *sysops,
                               int *fd);

/*
 * Puts the file of @fd, all of which is written, into its place. Returns FALSE with
 * @error set; then what was there is still there.
 */
gboolean replacement_commit(Replacement *replacement, int fd, GError **error);

/* Only forgets the place; the file is gone when its descriptor is closed. */
void replacement_free(Replacement *replacement);
