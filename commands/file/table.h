/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "commands/file/atomic.h"

/*
 * The files that a host has open, by their handles. For any thread: each file has a lock of its
 * own, and the table's lock is never held during input and output.
 */
typedef struct FileTable FileTable;

#define FILE_TABLE_MAX 256
/* When the table is full, a file that was idle for this long is closed for a new one. */
#define FILE_TABLE_IDLE_US (60 * 60 * G_TIME_SPAN_SECOND)
/* The commands that may use or wait for one file; each of them holds a worker meanwhile. */
#define FILE_TABLE_MAX_USERS 8

/* The last operation: stdio requires a flush or a seek between reading and writing; fopen(3). */
typedef enum {
    FILE_FRESH,
    FILE_WAS_READ,
    FILE_WAS_WRITTEN,
} FileUse;

typedef struct {
    gint64 handle;
    char *path;
    FILE *stream; /* buffered as in QEMU; NULL once it is closed */
    Replacement *replacement; /* of an atomic file, else NULL */
    FileUse use;
    /* Of table.c. */
    GMutex lock;
    gint64 used_us;
    guint users; /* that hold the lock or wait for it */
} OpenFile;

/* @now_us is the clock that idle time is measured with. */
FileTable *file_table_new(gint64 (*now_us)(void));

/*
 * Closes all files: buffered bytes are written, atomic files discarded. If a command still uses
 * a file, which may last without limit, nothing is freed.
 */
void file_table_free(FileTable *table);

/*
 * Reserves a place for a file that is about to be opened, if need be by closing an idle one.
 * Returns FALSE with @error set if there is none. The caller then calls file_table_add() or
 * file_table_cancel().
 */
gboolean file_table_reserve(FileTable *table, GError **error);
void file_table_cancel(FileTable *table);

/* Adds an open file with a new @handle; the table owns @stream and @replacement from now on. */
void file_table_add(FileTable *table, gint64 handle, const char *path, FILE *stream,
                    Replacement *replacement);

/*
 * Returns the file of @handle, for the caller alone until file_table_release(); waits for other
 * commands that use it. NULL with @error set if there is none, or too many wait already.
 */
OpenFile *file_table_take(FileTable *table, gint64 handle, GError **error);
void file_table_release(FileTable *table, OpenFile *file);

/*
 * Closes a file that was taken and removes its handle, also on failure: buffered bytes are
 * written, and an atomic file replaces its target unless it is @discarded. Returns FALSE with
 * @error set.
 */
gboolean file_table_close(FileTable *table, OpenFile *file, gboolean discarded, GError **error);
