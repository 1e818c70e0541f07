/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

/* One file in the guest, through the agent's file commands. */

/*
 * libvirt passes strings of 4 MiB, and base64 makes a third more of these; larger pieces
 * are not faster.
 */
#define REMOTE_CHUNK (2 * 1024 * 1024)

/* Bytes that may go to the guest in one request; see Backend.ask_max. */
gsize remote_max_write(const Vm *vm);

typedef struct {
    Vm *vm;
    gboolean guestd; /* knows guestd-file-stat, and perm and atomic of guest-file-open */
    gint64 handle;   /* -1: not open */
    gboolean atomic; /* what was written shows only once it is closed */
} RemoteFile;

/* What guestd reports about a file. */
typedef struct {
    gboolean exists;
    char type[16]; /* "regular", "directory", ... */
    gint64 size;
    int mode; /* permissions; -1: unknown */
    char sha256[65]; /* empty if it was not asked for */
} RemoteStat;

/* Finds out which agent it is. */
gboolean remote_file_init(RemoteFile *file, Vm *vm, GError **error);

/* @perm (-1: none) and @atomic only with guestd. */
gboolean remote_file_open(RemoteFile *file, const char *path, const char *mode, int perm,
                          gboolean atomic, GError **error);

/*
 * Closes it, if it is open. With @discard, what was written to an atomic file is dropped.
 * Not interrupted by the user.
 */
gboolean remote_file_close(RemoteFile *file, gboolean discard, GError **error);

/* Moves to @offset from the start, or with @offset -1 to the end; @position may be NULL. */
gboolean remote_file_seek(RemoteFile *file, gint64 offset, gint64 *position, GError **error);

/*
 * Reads at most @max bytes and reports the end of the file. The data lies in @arena; NULL with
 * @error set.
 */
const char *remote_file_read(RemoteFile *file, gsize max, gsize *len, gboolean *eof, Arena *arena,
                             GError **error);

gboolean remote_file_write(RemoteFile *file, const char *data, gsize len, GError **error);

/* guestd only: of @path, or with NULL of what is open; a missing file is not an error. */
gboolean remote_file_stat(RemoteFile *file, const char *path, gboolean sha256, RemoteStat *stat,
                          GError **error);
