/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/backup/set.h"
#include "host/base/reporter.h"
#include "host/guest/quiesce.h"
#include "host/vm/backend.h"

typedef enum { LEVEL_AUTO, LEVEL_FULL, LEVEL_INCREMENTAL } BackupLevel;

/*
 * A backup being made. Its bitmaps are called guestctl-SET-ID or guestctl-SET-ID-RANDOM: each
 * marks what was written to one disk since the point ID. The transaction that begins the copy adds
 * the bitmaps of the new point and only reads the parents'. So a backup that fails is undone by
 * removing the new bitmaps, and the parents' are removed once the new point has its manifest.
 */
typedef struct {
    Vm *vm;             /* that was named, or @off */
    Vm *off;            /* the disks of the VM, which is off; NULL: it is not */
    char *force;        /* how the VM was ended, as of OffOps */
    Reporter *reporter;
    const BackupOps *ops; /* of the VM's backend */
    Chain *chain;
    GPtrArray *disks;   /* of Disk */
    ChainPoint *point;  /* being made */
    char *prefix;       /* of the names of its jobs and nodes, and of the set's bitmaps */
    const GPtrArray *only, *except; /* names of the disks to copy or not; NULL: no choice */
    gboolean plaintext; /* copy encrypted disks, although the copies are not encrypted */
    gboolean compress;
    gint64 max_chain;   /* members; auto then makes a full copy; 0: no limit */
    gint64 rate;        /* bytes a second; 0: no limit */
    DiskCopy copy;      /* what the backend copies; after backup_plan() */
} Backup;

/*
 * A backup of @vm into the set in @chain, which is taken. NULL with @error set if the VM's
 * backend offers none.
 */
Backup *backup_new(Vm *vm, Reporter *reporter, Chain *chain, GError **error);
/* Also frees a point that was not committed. */
void backup_free(Backup *backup);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Backup, backup_free)

/* The name of the bitmap of @disk of @point; the caller's. */
char *backup_bitmap(const Backup *backup, const ChainPoint *point, const ChainDisk *disk);

/*
 * Before backup_sweep(), with the VM's lock held: the VM is off, so its disks are opened here
 * (host/vm/off.h). FALSE with @error set, such as if another program has them open.
 */
gboolean backup_use_off(Backup *backup, GError **error);
/* As forget_marks(), of @vm, which is off; @chain, which may be NULL, may know its images. */
gboolean backup_forget_off(Vm *vm, const Chain *chain, Reporter *reporter, GError **error);
/* After backup_plan(), of a VM that is off: why its disks are as after a power cut; NULL: not so. */
char *backup_force(const Backup *backup);

/* Fills in @disks, @point and @copy, and checks the free space. Changes nothing. */
gboolean backup_plan(Backup *backup, BackupLevel level, GError **error);
gint64 backup_bytes(const Backup *backup); /* to be copied, at most */
gint64 backup_room(const Backup *backup, guint index); /* that a disk's file may need */

/*
 * With the VM's lock held: ends the jobs that a guestctl which was killed has left in QEMU, for
 * whatever set, and removes what it has left of this one, there and in the directory.
 */
gboolean backup_sweep(Backup *backup, GError **error);

/*
 * Makes the planned backup; on failure, everything is as before. @window is initialised, and has
 * afterwards how consistent the backup is.
 */
gboolean backup_make(Backup *backup, Quiesce *window, GError **error);
