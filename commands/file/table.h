/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdio.h>

#include "commands/file/atomic.h"

/*
 * The files a host has open, by their handles. Any thread; each file has a lock of
 * its own, and the table's is never held while something is read or written.
 */
typedef struct FileTable FileTable;

#define FILE_TABLE_MAX 256
/* Once the table is full, a file that nobody used for so long makes room. */
#define FILE_TABLE_IDLE_US (60 * 60 * G_TIME_SPAN_SECOND)
/* Commands that may be under way with one file; each holds a worker while it waits. */
#define FILE_TABLE_MAX_USERS 8

/* What was done last: stdio wants a word in between when that changes. */
typedef enum {
    FILE_FRESH,
    FILE_WAS_READ,
    FILE_WAS_WRITTEN,
} FileUse;

typedef struct {
    gint64 handle;
    char *path;
    FILE *stream; /* buffered as QEMU's is; NULL once it is closed */
    Replacement *replacement; /* of an atomic file, else NULL */
    FileUse use;
    /* The table's own. */
    GMutex lock;
    gint64 used_us;
    guint users; /* that hold the lock or wait for it */
} OpenFile;

/* @now_us is the clock by which files grow idle. */
FileTable *file_table_new(gint64 (*now_us)(void));

/*
 * Closes all: what is buffered is written, what is atomic and not closed is dropped. If
 * a command still works on a file, which may take for ever, nothing is freed.
 */
void file_table_free(FileTable *table);

/*
 * Keeps a place for a file that is about to be opened, if need be by closing an idle
 * one. Returns FALSE with @error set if there is none. Then file_table_add() or
 * file_table_cancel().
 */
gboolean file_table_reserve(FileTable *table, GError **error);
void file_table_cancel(FileTable *table);

/* Adds an open file under a new @handle; owns @stream and @replacement from now on. */
void file_table_add(FileTable *table, gint64 handle, const char *path, FILE *stream,
                    Replacement *replacement);

/*
 * The file of @handle, for the caller alone until file_table_release(); waits for whoever
 * has it. Returns NULL with @error set if there is none, or too many wait already.
 */
OpenFile *file_table_take(FileTable *table, gint64 handle, GError **error);
void file_table_release(FileTable *table, OpenFile *file);

/*
 * Ends a file that was taken, and its handle, also on failure: what is buffered is written, an
 * atomic file takes its target's place unless it is @discarded. Returns FALSE with @error set.
 */
gboolean file_table_close(FileTable *table, OpenFile *file, gboolean discarded, GError **error);
