/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/wire/qmp.h"

/* A dirty bitmap of a disk. */
typedef struct {
    char *name;
    gint64 bytes;  /* that it says were written */
    gboolean sane; /* it can be relied upon: records, is consistent, and nobody uses it */
} BlockBitmap;

/* A disk of a VM that the guest can write to. */
typedef struct {
    char *name;         /* for people: the drive's or the device's id */
    char *node;         /* for QEMU */
    char *image;        /* its file; NULL: none, or not known */
    gint64 size;        /* that the guest sees */
    gint64 allocated;   /* bytes that are stored of it */
    gboolean remembers; /* its format keeps bitmaps when QEMU ends */
    GPtrArray *bitmaps; /* of BlockBitmap */
} BlockDisk;

BlockDisk *block_disk_new(void);
void block_disk_free(gpointer disk);
/* Adds a bitmap to what is known of the disk. */
void block_disk_mark(BlockDisk *disk, const char *name, gint64 bytes, gboolean sane);

/* All writable disks, as an array of BlockDisk, the caller's; NULL with @error set. */
GPtrArray *blocks_list(Qmp *qmp, const Deadline *deadline, GError **error);

/* NULL: it has none of this name. */
const BlockBitmap *blocks_bitmap(const BlockDisk *disk, const char *name);

/* Whether QEMU stopped the VM because a disk's write or read failed. */
gboolean blocks_is_stopped(Qmp *qmp);

/* What is known of a job in QEMU; FALSE in @found: it does not exist. */
typedef struct {
    gboolean found;
    gboolean concluded;
    gint64 done, total;
    char *error; /* NULL: none so far */
} BlockJob;

/* @result is an answer to query-jobs. To be cleared with block_job_clear(). */
void block_job_find(JsonNode *result, const char *id, BlockJob *job);
void block_job_clear(BlockJob *job);

/* The next change of any job, or @ms; FALSE with @error: the user gave up or QEMU is gone. */
gboolean blocks_await_change(Qmp *qmp, gint64 ms, int cancel_fd, GError **error);

/*
 * Cancels all jobs whose id begins with @prefix, waits until they are gone, and closes the
 * nodes with such a name. To be used for cleaning up as well as after success.
 */
gboolean blocks_release(Qmp *qmp, const char *prefix, const Deadline *deadline, GError **error);

/* Removes the bitmaps that begin with @prefix, of all disks, but for @keep (may be NULL). */
gboolean blocks_forget(Qmp *qmp, const char *prefix, const char *keep, const Deadline *deadline,
                       GError **error);
