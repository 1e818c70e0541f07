/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/blocks.h"
#include "host/chain.h"
#include "host/quiesce.h"

typedef enum { LEVEL_AUTO, LEVEL_FULL, LEVEL_INCREMENTAL } BackupLevel;

/*
 * A backup under way. Its bitmaps are called guestctl-SET-ID: each says what was written
 * since the point ID. The one of the new point is made in the transaction that begins the
 * copy, and the parent's is only read. So a backup that fails is undone by removing the new
 * one, and the parent's goes once the new point has its manifest.
 */
typedef struct {
    Job *job;
    Chain *chain;
    GPtrArray *disks;   /* of BlockDisk */
    ChainPoint *parent; /* the chain's; NULL: a full backup */
    ChainPoint *point;  /* that is being made */
    char *prefix;       /* of the names of its jobs and nodes, and of the set's bitmaps */
    char *reason;       /* why it is a full one although it need not be; or NULL */
    gboolean stopped;   /* the VM was, by an error of a disk, before we came */
    gboolean compress;
    gint64 rate;        /* bytes a second; 0: as fast as it goes */
} Backup;

/* The name of a point's bitmap; the caller's. */
char *backup_bitmap(const Backup *backup, const ChainPoint *point);

/* The name of the job and the target of the disk with this index; the caller's. */
char *backup_target(const Backup *backup, guint index);

/* Fills in @disks, @parent and @point, and looks whether there is room. Changes nothing. */
gboolean backup_plan(Backup *backup, BackupLevel level, GError **error);
gint64 backup_bytes(const Backup *backup); /* to be copied, at most */
gint64 backup_room(const Backup *backup, guint index); /* that a disk's file may need */

/* Ends and removes what backups that were killed have left, in QEMU and in the directory. */
gboolean backup_sweep(Backup *backup, GError **error);

/*
 * Makes the planned backup; on failure, all is as before. @window is initialised, and tells
 * afterwards how consistent the backup is.
 */
gboolean backup_make(Backup *backup, Quiesce *window, GError **error);

/* What the copy does, in backup-copy.c */

/* Makes the files and opens them in QEMU. */
gboolean copy_prepare(Backup *backup, Qmp *qmp, GError **error);
/* The transaction that begins the copies of all disks; returns with them under way. */
gboolean copy_begin(Backup *backup, Qmp *qmp, const Limit *limit, GError **error);
/* Waits until all are copied. */
gboolean copy_await(Backup *backup, GError **error);
