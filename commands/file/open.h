/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "agent/schema/command.h"
#include "commands/file/atomic.h"

/* How guest-file-open opens a file. */
typedef struct {
    const char *path;
    const char *mode; /* as for fopen(3), but less */
    const char *perm; /* octal digits for a new file; NULL: 0666 */
    gboolean nofollow;
    gboolean atomic;
} OpenRequest;

/* Whether @request makes sense. Returns FALSE with @error set. */
gboolean file_open_check(const OpenRequest *request, GError **error);

/*
 * Opens the file of a checked request, where the configuration allows that, without ever waiting for another end of it. Returns
 * NULL with @error set, to QEMU's text where it is the system that refuses. @replacement is set for an atomic one, else NULL.
 */
FILE *file_open(const OpenRequest *request, const Services *services, Replacement **replacement,
                GError **error);
