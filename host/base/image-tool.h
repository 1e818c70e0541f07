/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/deadline.h"

/*
 * Runs a program such as qemu-img and waits for its exit; @argv is NULL-terminated. Its standard
 * output and error go to @output, which the caller owns and which may be NULL. Returns FALSE with
 * @error set to the last line that the program wrote, to GUESTD_ERROR_CANCELLED once @cancel_fd
 * (-1: never) is readable, or to GUESTD_ERROR_TIMED_OUT after a time that depends on the command, a day
 * at most; the program is killed then. Files that it makes have mode 0600.
 */
gboolean tool_run(const char *const *argv, int cancel_fd, GString **output, GError **error);

/*
 * The qcow2 file @path in the words of qemu-img, the caller's: opened without its backing files, so
 * that it costs the same however many there are.
 */
char *tool_image_alone(const char *path);

/*
 * Stores in @bytes how much a user can still write to the filesystem of @path, which need not
 * exist yet: then its nearest existing parent counts.
 */
gboolean tool_free_space(const char *path, gint64 *bytes, GError **error);

/*
 * Allocates room for the file to grow to @bytes, so that no other program can fill the filesystem
 * meanwhile. A filesystem that cannot allocate ahead is not an error.
 */
gboolean tool_reserve(const char *path, gint64 bytes, GError **error);
/* Frees the room after the end of the file. */
void tool_unreserve(const char *path);

/* Begins to write the content of the file to the disk, so that tool_sync() has less to wait for. */
void tool_sync_begin(const char *path);
/* Waits until the content of the file is on the disk. */
gboolean tool_sync(const char *path, GError **error);
