/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/progress.h"
#include "host/guest/quiesce.h"

/* External snapshots: from now on the VM writes to overlays, its images stand still. */

typedef struct {
    char *name;           /* as the user calls it */
    char *node;           /* of a bare QEMU: what is written to now */
    char *image;          /* the same as a file, absolute; NULL: it is none */
    char *format;         /* of the image */
    char *backing;        /* the file below it, or NULL */
    char *backing_format; /* or NULL */
    char *overlay;        /* that a snapshot is to make; NULL: none */
} SnapshotDisk;

void snapshot_disk_free(gpointer disk);

/* How a kind of VM does it. */
typedef struct {
    /* All disks that the guest can write to: an array of SnapshotDisk. NULL with @error. */
    GPtrArray *(*disks)(Vm *vm, const Deadline *deadline, GError **error);
    /* Makes the overlays of all @disks at one point in time, or none. */
    gboolean (*take)(Vm *vm, const GPtrArray *disks, const Deadline *deadline, GError **error);
    /* Goes on waiting for a take() that had GUESTD_ERROR_TIMED_OUT. */
    gboolean (*await)(Vm *vm, const Deadline *deadline, GError **error);
    /*
     * Folds the disk's image into the one below it, which it uses from then on. If that
     * fails or the user gives up (@cancel_fd, or -1), it goes on with the image.
     */
    gboolean (*commit)(Vm *vm, const SnapshotDisk *disk, Progress *progress, int cancel_fd,
                       GError **error);
} SnapshotOps;

extern const SnapshotOps snapshot_bare, snapshot_libvirt;

/* The commit of a bare QEMU. */
gboolean snapshot_bare_commit(Vm *vm, const SnapshotDisk *disk, Progress *progress, int cancel_fd,
                              GError **error);

/*
 * QEMU's name of an image as a path, the caller's; NULL if it is no file, or relative to
 * QEMU's directory.
 */
char *snapshot_bare_path(const char *file);

const SnapshotOps *snapshot_ops(const Vm *vm);

/*
 * The VM's disks, or those with the @names (separated by commas; NULL: all). NULL with
 * @error, also if there is none.
 */
GPtrArray *snapshot_disks(Vm *vm, const char *names, GError **error);

/* The disk called @name, or NULL. */
SnapshotDisk *snapshot_disk(const GPtrArray *disks, const char *name);

/* The name of a file of the VM's, which may be called by its socket; the caller's. */
char *snapshot_file_name(const Vm *vm, const char *rest);

/*
 * Chooses the overlays' names, in @dir or (NULL) beside the images. FALSE with @error if
 * they cannot be made or exist.
 */
gboolean snapshot_plan(const Vm *vm, GPtrArray *disks, const char *dir, const char *stamp,
                       GError **error);

/*
 * Makes the overlays within @ms. Ctrl-C does not cut it: it is one short step. If it fails, the
 * guest is to be thawed first, and then snapshot_settle() finds out what there is.
 */
gboolean snapshot_take(Vm *vm, const GPtrArray *disks, gint64 ms, GError **error);

typedef enum {
    SNAPSHOT_TAKEN, /* after all */
    SNAPSHOT_NONE,  /* the VM is as before, and no overlay is left */
    SNAPSHOT_UNKNOWN, /* QEMU does not tell; the overlays that may be were left */
} SnapshotFate;

/*
 * What became of a snapshot that failed with @problem, which is taken: waits for a QEMU that has
 * not answered, unless the user gives up. @error is set but for SNAPSHOT_TAKEN.
 */
SnapshotFate snapshot_settle(Vm *vm, const GPtrArray *disks, GError *problem, GError **error);

/*
 * Folds the disk's image back, if it is an overlay of guestctl's, and removes it. If that
 * fails or the user gives up, the VM goes on with it.
 */
gboolean snapshot_commit(Vm *vm, const SnapshotDisk *disk, GError **error);

/* Takes a snapshot back, whatever the user does meanwhile; if that fails, the VM goes on with it. */
gboolean snapshot_undo(Vm *vm, const GPtrArray *disks, GError **error);

/* The window that the VMs of one call have in common. */
typedef struct {
    const char *id;
    char **vms;
    gint64 begin, end; /* microseconds since 1970; 0: there was none */
} SnapshotGroup;

/*
 * The manifest beside the overlays, in each directory that has one: what "snapshot" tells
 * programs, and how a commit knows its own overlays. @group may be NULL.
 */
char *manifest_name(const Vm *vm, const char *stamp);
/* @window NULL: it is only about to be taken, and has no label yet. */
JsonNode *manifest_new(const Vm *vm, const GPtrArray *disks, gint64 taken_at,
                       const Quiesce *window, const SnapshotGroup *group);
gboolean manifest_write(JsonNode *manifest, const char *name, GError **error);

/* Removes it, as far as it is there. */
void manifest_remove(JsonNode *manifest, const char *name);

/* The path of the manifest that has the @overlay; the caller's, or NULL. */
char *manifest_find(const char *overlay);

/* To be called before its images change: it no longer calls them consistent. */
gboolean manifest_spoil(const char *path, GError **error);

/* Removes the manifest if none of its overlays is there. */
void manifest_drop_if_done(const char *path);
