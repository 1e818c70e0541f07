/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <gio/gio.h>

#include "host/base/deadline.h"

/*
 * How long commands of qemu-img may take, in milliseconds. The copy of a large disk takes long, and
 * the user can interrupt it; a program that hangs ends at last.
 */
#define TOOL_CREATE_MS 60000              /* writes a header and tables */
#define TOOL_MEASURE_MS (10 * 60 * 1000)  /* reads tables */
#define TOOL_CHECK_MS (3600 * 1000)       /* reads tables, of one file */
#define TOOL_COPY_MS (24 * 3600 * 1000)   /* reads the data of a chain */

/*
 * Runs a program such as qemu-img and waits for its exit; @argv is NULL-terminated. Its standard
 * output and error go to @output, which the caller owns and which may be NULL. Returns FALSE with
 * @error set to the last line that the program wrote, to GUESTD_ERROR_CANCELLED once the cancel_fd
 * of @deadline is readable, or to GUESTD_ERROR_TIMED_OUT after the deadline; the program is killed
 * then, with its children. While it neither reads nor writes, that is reported, see stall.h. Files
 * that it makes have mode 0600.
 */
gboolean tool_run(const char *const *argv, const Deadline *deadline, GString **output,
                  GError **error);

/*
 * Starts a program that serves guestctl, such as qemu-storage-daemon, until it is told to quit. It
 * gets the descriptors @fds (ended by -1), which are taken, as 3, 4, and so on, and is told to end
 * (SIGTERM) when the calling thread ends, however that happens. NULL with @error set.
 */
GSubprocess *tool_start(const char *const *argv, const int *fds, GError **error);

/* Waits up to @ms milliseconds for the exit of such a program; FALSE: it has not ended. */
gboolean tool_await(GSubprocess *process, gint64 ms);

/* What such a program, which has ended, wrote last on standard error; the caller's. */
char *tool_last_words(GSubprocess *process);

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
/*
 * Waits until the content of the file is on the disk. FALSE with @error set, also once @cancel_fd
 * (-1: never) is readable.
 */
gboolean tool_sync(const char *path, int cancel_fd, GError **error);
