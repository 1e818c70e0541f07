/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "agent/base/sysops.h"
#include "commands/file/allow.h"

/*
 * A file that is written beside another and replaces it as a whole, or not at all. Until then it
 * has no name (O_TMPFILE, Linux 3.11), so that nothing is left of it if the agent is killed.
 */
typedef struct Replacement Replacement;

/*
 * Creates a nameless file beside the one of @place, with that one's owner, mode and labels, and
 * with the mode @perm unless that is -1. If the file does not exist, the mode is @perm or 0666. A
 * symbolic link at the end of the path is followed, so that its target is replaced, or fails
 * with ELOOP for @nofollow. Returns the replacement, to be freed, with a descriptor for reading
 * and writing in @fd, which the caller closes; or NULL with errno set. For workers.
 */
Replacement *replacement_begin(const FilePlace *place, int perm, gboolean nofollow,
                               const SysOps *sysops, int *fd);

/*
 * Moves the file of @fd, which is completely written, to its place. Returns FALSE with @error
 * set; then the old file is still there. For workers.
 */
gboolean replacement_commit(Replacement *replacement, int fd, GError **error);

/* Frees @replacement only: without a commit the file vanishes when its descriptor is closed. */
void replacement_free(Replacement *replacement);
