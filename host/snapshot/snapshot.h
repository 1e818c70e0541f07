/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/guest/quiesce.h"
#include "host/vm/backend.h"

/* External snapshots: the VM writes to overlays, and its images no longer change. */

/*
 * The writable disks of the VM, or those with the @names (strings; NULL: all): an array of Disk. NULL
 * with @error set, also if there is none.
 */
GPtrArray *snapshot_disks(Vm *vm, const GPtrArray *names, GError **error);

/*
 * Whether overlays of @disks are right: FALSE with @error set if one is encrypted, as what is
 * written to its overlay is not, unless @plaintext; or if other VMs may write to one, unless the
 * user has @named it.
 */
gboolean snapshot_check_disks(const GPtrArray *disks, gboolean named, gboolean plaintext,
                              GError **error);

/* The name of a file of the VM, which may be named after its socket; the caller's. */
char *snapshot_file_name(const Vm *vm, const char *rest);

/* Whether no file of a snapshot of @disks with this @stamp exists; @dir as for snapshot_plan(). */
gboolean snapshot_stamp_is_free(const Vm *vm, const GPtrArray *disks, const char *dir,
                                const char *stamp);

/*
 * Names the overlays of @disks, in @dir or (NULL) beside the images: an array of Overlay, which
 * @disks must outlive. NULL with @error set if they cannot be created.
 */
GPtrArray *snapshot_plan(const Vm *vm, const GPtrArray *disks, const char *dir, const char *stamp,
                         GError **error);

/*
 * Checks the plans of two VMs of one call: FALSE with @error set if they have an image or an
 * overlay in common.
 */
gboolean snapshot_compare(const Vm *vm, const GPtrArray *overlays, const Vm *other_vm,
                          const GPtrArray *other_overlays, GError **error);

/*
 * Creates the files of @overlays, which must not exist, as empty overlays with owner and mode of
 * the images below; FALSE with @error set, and none of them is left.
 */
gboolean overlays_create(const GPtrArray *overlays, int cancel_fd, GError **error);

/* Removes the files that overlays_create() created. Files that replaced them stay. */
void overlays_remove(const GPtrArray *overlays);

/* An overlay whose file could not be given to the owner of its image; NULL: there is none. */
const char *overlays_kept(const GPtrArray *overlays);

/*
 * Makes the VM write to the @overlays within @ms. Ctrl-C does not interrupt this short step. If it fails, the
 * guest is to be thawed first; then snapshot_settle() finds out what QEMU did.
 */
gboolean snapshot_take(Vm *vm, const GPtrArray *overlays, gint64 ms, GError **error);

typedef enum {
    SNAPSHOT_TAKEN,   /* after all */
    SNAPSHOT_NONE,    /* the VM is as before, and no overlay is left */
    SNAPSHOT_UNKNOWN, /* QEMU does not answer; overlays were left in place */
} SnapshotFate;

/*
 * Finds out what became of a snapshot that failed with @problem, which is taken: waits for a
 * QEMU that has not answered until the user cancels. Sets @error except for SNAPSHOT_TAKEN.
 */
SnapshotFate snapshot_settle(Vm *vm, const GPtrArray *overlays, GError *problem, GError **error);

/*
 * Commits the disk's image, if it is an overlay of guestctl, into the image below and removes
 * it. After a failure or a cancellation the VM still uses it.
 */
gboolean snapshot_commit(Vm *vm, const Disk *disk, Reporter *reporter, GError **error);

/* Undoes a snapshot, not interrupted by the user; after a failure the VM still uses it. */
gboolean snapshot_undo(Vm *vm, const GPtrArray *overlays, GError **error);

/* The window that the VMs of one call have in common. */
typedef struct {
    const char *id;
    char **vms;
    gint64 begin, end; /* microseconds since 1970; 0: there was none */
} SnapshotGroup;

/*
 * The manifest beside the overlays, in each directory that has one: the output of "snapshot" for
 * programs, and how "snapshot commit" recognises overlays of guestctl. @group may be NULL.
 */
char *manifest_name(const Vm *vm, const char *stamp);
/* @window NULL: the snapshot is yet to be taken and has no label. */
JsonNode *manifest_new(const Vm *vm, const GPtrArray *overlays, gint64 taken_at,
                       const Quiesce *window, const SnapshotGroup *group);
/* @fresh: FALSE with @error set if there is a manifest of this name already. */
gboolean manifest_write(JsonNode *manifest, const char *name, gboolean fresh, GError **error);

/* Removes the manifest from all its directories. */
void manifest_remove(JsonNode *manifest, const char *name);

/* The path of the manifest that lists the @overlay, the caller's; NULL: there is none. */
char *manifest_find(const char *overlay);

/* Removes the label "consistent"; to be called before the images change. */
gboolean manifest_spoil(const char *path, GError **error);

/* Removes the manifest if all of its overlays are gone. */
void manifest_drop_if_done(const char *path);
