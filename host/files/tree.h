/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/files/appliance.h"

typedef struct {
    guint64 files;    /* of any kind that were made, besides the directory itself */
    guint64 left_out; /* devices, sockets and fifos */
    gint64 bytes;
    char *path; /* of the copy, the caller's, also after a failure */
} TreeCopy;

/*
 * Copies the directory @path of the appliance and all below it to @to on the host, which if it is a
 * directory gets it under its name; what exists is not replaced. The copy has its name once it is
 * whole, and belongs to the caller's user; modes (without set-id bits) and times are those in the
 * backup. FALSE with @error set; then nothing is left.
 */
gboolean tree_copy(const Appliance *appliance, const char *path, const char *to, TreeCopy *copy,
                   GError **error);
