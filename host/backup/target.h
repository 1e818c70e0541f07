/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A block device, such as an LV, that a disk is restored to. While it is open, the kernel lets no
 * other program mount it or open it for itself alone, and the device keeps its number.
 */
typedef struct {
    int fd;
    gint64 size; /* bytes */
} Target;

/*
 * Whether the image @path is to be a block device. FALSE with @error set if @path is in /dev and is
 * not one: a mistyped name must not become a regular file there. /dev/shm is a place for files.
 */
gboolean target_is_device(const char *path, gboolean *device, GError **error);

/*
 * Opens the device @path for @size bytes, and changes nothing. FALSE with @error set if it is not a
 * block device, is in use, or is smaller; or, unless @force is set, has content: any byte other than
 * 0 in its first or last 4 MiB, where filesystems, LVM, RAID and partition tables have their
 * signatures. @cancel_fd as in a Deadline. Closed by target_close() in each case.
 */
gboolean target_open(Target *target, const char *path, gint64 size, gboolean force, int cancel_fd,
                     GError **error);
void target_close(Target *target);
