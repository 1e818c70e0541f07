/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What the header of a qcow2 image states; read without the image's other content. */
typedef struct {
    guint version;
    gint64 virtual_size;
    char *backing;          /* name of the backing file as it is written; NULL: none */
    char *backing_format;   /* as it is written; NULL: QEMU would guess it */
    gboolean external_data; /* the data are in another file */
} Qcow2Header;

/*
 * Reads the header of the regular file @path (docs/interop/qcow2.rst in QEMU 11.1: versions 2 and 3).
 * FALSE with @error set if it is not one.
 */
gboolean qcow2_header_read(const char *path, Qcow2Header *header, GError **error);
void qcow2_header_clear(Qcow2Header *header);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Qcow2Header, qcow2_header_clear)
