/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "agent/schema/command.h"
#include "commands/file/atomic.h"

/* The arguments of guest-file-open. */
typedef struct {
    const char *path;
    const char *mode; /* as for fopen(3), without its extensions */
    const char *perm; /* octal digits, for a new file; NULL: 0666 */
    gboolean nofollow;
    gboolean atomic;
} OpenRequest;

/* Returns whether the arguments fit each other, or FALSE with @error set. */
gboolean file_open_check(const OpenRequest *request, GError **error);

/*
 * Opens the file of a checked @request, where the configuration permits it, without waiting for
 * the other end of a FIFO. @replacement is set for an atomic file, else NULL. Returns the
 * stream, to be closed by the caller, or NULL with @error set: to QEMU's text if the system
 * refuses. For workers.
 */
FILE *file_open(const OpenRequest *request, const Services *services, Replacement **replacement,
                GError **error);
