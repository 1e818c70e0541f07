/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/backup/set.h"
#include "host/base/progress.h"
#include "host/guest/quiesce.h"
#include "host/vm/bare/block.h"

typedef enum { LEVEL_AUTO, LEVEL_FULL, LEVEL_INCREMENTAL } BackupLevel;

typedef struct Backup Backup;
typedef struct BackupOps BackupOps;

/*
 * A backup under way. Its bitmaps are called guestctl-SET-ID: each says what was written
 * since the point ID. The one of the new point is made in the transaction that begins the
 * copy, and the parent's is only read. So a backup that fails is undone by removing the new
 * one, and the parent's goes once the new point has its manifest.
 */
struct Backup {
    Job *job;
    const BackupOps *ops;
    Chain *chain;
    GPtrArray *disks;   /* of BlockDisk */
    ChainPoint *parent; /* the chain's; NULL: a full backup */
    ChainPoint *point;  /* that is being made */
    char *prefix;       /* of the names of its jobs and nodes, and of the set's bitmaps */
    char *reason;       /* why it is a full one although it need not be; or NULL */
    gboolean stopped;   /* the VM was, by an error of a disk, before we came */
    gboolean held;      /* the copies wait for the thaw */
    gboolean compress;
    gint64 rate;        /* bytes a second; 0: as fast as it goes */
};

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

/* Where the copy of the disk with this index is written to; the caller's. */
char *backup_partial(const Backup *backup, guint index);

/* What differs between a bare QEMU and libvirt. NULL: there is nothing to do. */
struct BackupOps {
    /* Fills in @disks and @stopped. */
    gboolean (*disks)(Backup *backup, GError **error);
    /* Before the freeze: opens the file that the disk with this index is copied to. */
    gboolean (*attach)(Backup *backup, guint index, const Deadline *deadline, GError **error);
    /* The transaction that begins the copies of all disks; returns with them under way. */
    gboolean (*begin)(Backup *backup, const Deadline *deadline, GError **error);
    /* Goes on waiting for a begin() that had GUESTD_ERROR_TIMED_OUT. */
    gboolean (*begin_late)(Backup *backup, const Deadline *deadline, GError **error);
    /* Waits until all are copied. */
    gboolean (*await)(Backup *backup, Progress *progress, GError **error);
    /* Ends what copies are left, and closes their files. */
    gboolean (*release)(Backup *backup, const Deadline *deadline, GError **error);
    /* Removes the set's bitmaps, but for @keep (may be NULL). */
    gboolean (*forget)(Backup *backup, const char *keep, const Deadline *deadline, GError **error);
    /* Lets a VM run on that was stopped by an error of a disk; FALSE: it was not. */
    gboolean (*let_run)(Backup *backup);
};

extern const BackupOps backup_bare, backup_libvirt;
