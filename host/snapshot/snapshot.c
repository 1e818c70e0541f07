/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/snapshot/snapshot.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/base/plain-name.h"
#include "lib/errors.h"

GPtrArray *snapshot_disks(Vm *vm, const GPtrArray *names, GError **error)
{
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GPtrArray) disks =
        vm_snapshot_ops(vm, error) ? vm_disks(vm, DISK_SIZES, &deadline, error) : NULL;

    if (!disks)
        return NULL;
    disks_keep_writable(disks, FALSE);
    if (!disks_choose(disks, names, NULL, error))
        return NULL;
    if (disks->len > 0)
        return g_steal_pointer(&disks);
    set_error(error, "the VM has no writable disk");
    return NULL;
}

gboolean snapshot_check_disks(const GPtrArray *disks, gboolean named, gboolean plaintext,
                              GError **error)
{
    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];

        if (disk->encrypted && !plaintext)
            return set_error(error, "disk %s is encrypted, and its overlay would not be; "
                                    "--allow-plaintext permits that, --disk leaves the disk out",
                             disk->name);
        if (disk->shared && !named)
            return set_error(error, "other VMs may write to the image of disk %s, and an overlay "
                                    "would separate them; name the other disks with --disk, or "
                                    "this one if no other VM runs", disk->name);
    }
    return TRUE;
}

static void overlay_free(gpointer data)
{
    Overlay *overlay = data;

    g_free(overlay->path);
    g_free(overlay);
}

char *snapshot_file_name(const Vm *vm, const char *rest)
{
    g_autofree char *name = plain_name(vm->name);

    return g_strconcat(name, "-", rest, NULL);
}

/* Where the overlay of @disk goes with this stamp; the caller's. */
static char *overlay_path(const Vm *vm, const Disk *disk, const char *dir, const char *stamp)
{
    g_autofree char *name = plain_name(disk->name);
    g_autofree char *rest = g_strdup_printf("%s-%s.qcow2", name, stamp);
    g_autofree char *file = snapshot_file_name(vm, rest);
    g_autofree char *place = dir ? g_canonicalize_filename(dir, NULL)
                                 : g_path_get_dirname(disk->path);

    return g_build_filename(place, file, NULL);
}

static gboolean exists(const char *path)
{
    return g_file_test(path, G_FILE_TEST_EXISTS) || g_file_test(path, G_FILE_TEST_IS_SYMLINK);
}

gboolean snapshot_stamp_is_free(const Vm *vm, const GPtrArray *disks, const char *dir,
                                const char *stamp)
{
    g_autofree char *manifest = manifest_name(vm, stamp);

    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];
        g_autofree char *overlay = disk->path ? overlay_path(vm, disk, dir, stamp) : NULL;
        g_autofree char *place = overlay ? g_path_get_dirname(overlay) : NULL;
        g_autofree char *beside = overlay ? g_build_filename(place, manifest, NULL) : NULL;

        if (overlay && (exists(overlay) || exists(beside)))
            return FALSE;
    }
    return TRUE;
}

static gboolean plan_disk(const Vm *vm, Overlay *overlay, const char *dir, const char *stamp,
                          GError **error)
{
    const Disk *disk = overlay->disk;
    g_autofree char *place = NULL;

    if (disk->twin)
        return set_error(error, "disks %s and %s have the same image, and an overlay would "
                                "separate them", disk->name, disk->twin);
    if (!disk->path)
        return set_error(error, "disk %s: its image is not a file with an absolute path; leave it "
                                "out by naming the others with --disk", disk->name);
    overlay->path = overlay_path(vm, disk, dir, stamp);
    if (exists(overlay->path))
        return set_error(error, "%s exists already", overlay->path);
    place = g_path_get_dirname(overlay->path);
    if (g_access(place, W_OK | X_OK) != 0)
        return set_errno_error(error, errno, "%s: cannot create files there (is the VM on this "
                                             "machine? see --to)", place);
    return TRUE;
}

GPtrArray *snapshot_plan(const Vm *vm, const GPtrArray *disks, const char *dir, const char *stamp,
                         GError **error)
{
    g_autoptr(GPtrArray) overlays = g_ptr_array_new_with_free_func(overlay_free);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < disks->len; i++) {
        Overlay *overlay = g_new0(Overlay, 1);

        overlay->disk = disks->pdata[i];
        g_ptr_array_add(overlays, overlay);
        if (!plan_disk(vm, overlay, dir, stamp, error))
            return NULL;
        if (!g_hash_table_add(seen, overlay->path)) {
            set_error(error, "two disks would have the same overlay %s", overlay->path);
            return NULL;
        }
    }
    return g_steal_pointer(&overlays);
}

/* Two overlays of one image would each have half of what is written. */
static gboolean check_apart(const Disk *disk, const Disk *other, const Vm *other_vm, GError **error)
{
    return !image_id_equal(&disk->id, &other->id) ||
           set_error(error, "disk %s and disk %s of VM %s have the same image; leave one out with "
                            "--disk", disk->name, other->name, other_vm->name);
}

gboolean snapshot_compare(const Vm *vm, const GPtrArray *overlays, const Vm *other_vm,
                          const GPtrArray *other_overlays, GError **error)
{
    for (guint i = 0; i < overlays->len; i++) {
        const Overlay *overlay = overlays->pdata[i];

        for (guint k = 0; k < other_overlays->len; k++) {
            const Overlay *other = other_overlays->pdata[k];

            if (!check_apart(overlay->disk, other->disk, other_vm, error))
                return FALSE;
            if (g_str_equal(overlay->path, other->path))
                return set_error(error, "VMs %s and %s would have the same overlay %s; take one "
                                        "snapshot after the other", vm->name, other_vm->name,
                                 overlay->path);
        }
    }
    return TRUE;
}

/* A reply that was lost does not show what QEMU did. */
static SnapshotFate find_out(Vm *vm, const GPtrArray *overlays, const Deadline *deadline)
{
    g_autoptr(GPtrArray) now = NULL;
    guint taken = 0;

    vm_disconnect(vm);
    now = vm_disks(vm, 0, deadline, NULL);
    if (!now)
        return SNAPSHOT_UNKNOWN;
    for (guint i = 0; i < overlays->len; i++) {
        const Overlay *overlay = overlays->pdata[i];
        const Disk *same = disks_find(now, overlay->disk->name);

        /* Another program has taken a snapshot since. */
        if (same && g_strcmp0(same->backing, overlay->path) == 0)
            return SNAPSHOT_UNKNOWN;
        taken += same && g_strcmp0(same->path, overlay->path) == 0;
    }
    return taken == overlays->len ? SNAPSHOT_TAKEN : taken == 0 ? SNAPSHOT_NONE : SNAPSHOT_UNKNOWN;
}

gboolean snapshot_take(Vm *vm, const GPtrArray *overlays, gint64 ms, GError **error)
{
    const SnapshotOps *ops = vm_snapshot_ops(vm, error);
    Deadline deadline = deadline_in(ms, -1);
    g_autoptr(GError) problem = NULL;

    if (!ops)
        return FALSE;
    if (ops->begin(vm, overlays, &deadline, &problem))
        return TRUE;
    /* A monitor that was lost can be asked again, and soon enough. */
    if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED) &&
        !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT) &&
        find_out(vm, overlays, &deadline) == SNAPSHOT_TAKEN)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

SnapshotFate snapshot_settle(Vm *vm, const GPtrArray *overlays, GError *problem, GError **error)
{
    const SnapshotOps *ops = vm_snapshot_ops(vm, NULL);
    const char *kept = overlays_kept(overlays);
    SnapshotFate fate;
    Deadline now;

    if (ops && g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT)) {
        Deadline late = deadline_in(QUIESCE_LATE_MS, vm->context->cancel_fd);

        g_clear_error(&problem);
        if (ops->follow(vm, &late, &problem))
            return SNAPSHOT_TAKEN;
    }
    now = deadline_in(vm->context->timeout_ms, -1);
    fate = find_out(vm, overlays, &now);
    if (fate == SNAPSHOT_TAKEN) {
        g_error_free(problem);
        return fate;
    }
    if (fate == SNAPSHOT_NONE && kept &&
        g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED))
        set_error(error, "%s (guestctl may not give %s to the owner of the image below; run it as "
                         "root or as QEMU's user)", problem->message, kept);
    else
        g_propagate_error(error, g_steal_pointer(&problem));
    g_clear_error(&problem);
    if (fate == SNAPSHOT_NONE)
        overlays_remove(overlays);
    return fate;
}

/* guestctl writes back no overlay of other programs, such as one with an image that VMs share. */
static gboolean check_ours(const Disk *disk, char **manifest, GError **error)
{
    *manifest = disk->path ? manifest_find(disk->path) : NULL;
    if (*manifest && disk->backing)
        return TRUE;
    return set_error(error, "disk %s: %s is not a snapshot made by guestctl (no manifest beside it "
                            "names it); not committed", disk->name,
                     disk->path ? disk->path : "its image");
}

/* Whether the disk uses the image below its overlay, whatever was reported. */
static gboolean is_committed(Vm *vm, const Disk *disk)
{
    Deadline deadline = deadline_in(vm->context->timeout_ms, -1);
    g_autoptr(GPtrArray) now = vm_disks(vm, 0, &deadline, NULL);
    const Disk *same = now ? disks_find(now, disk->name) : NULL;

    return same && g_strcmp0(same->path, disk->backing) == 0;
}

static gboolean commit(Vm *vm, const Disk *disk, const Reporter *reporter, int cancel_fd,
                       GError **error)
{
    const SnapshotOps *ops = vm_snapshot_ops(vm, error);
    g_autofree char *what = g_strdup_printf("commit of %s", disk->name);
    Progress progress;
    gboolean ok;

    if (!ops)
        return FALSE;
    reporter_progress_begin(reporter, &progress, what);
    ok = ops->commit(vm, disk, &progress, cancel_fd, error);
    reporter_progress_end(&progress);
    if (!ok && is_committed(vm, disk)) {
        g_clear_error(error);
    } else if (!ok) {
        g_prefix_error(error, "disk %s still uses %s: ", disk->name, disk->path);
        return FALSE;
    }
    return unlink(disk->path) == 0 ||
           set_errno_error(error, errno, "committed, but failed to remove %s", disk->path);
}

gboolean snapshot_commit(Vm *vm, const Disk *disk, Reporter *reporter, GError **error)
{
    g_autofree char *manifest = NULL;

    if (!check_ours(disk, &manifest, error) || !manifest_spoil(manifest, error) ||
        !commit(vm, disk, reporter, vm->context->cancel_fd, error))
        return FALSE;
    manifest_drop_if_done(manifest);
    return TRUE;
}

gboolean snapshot_undo(Vm *vm, const GPtrArray *overlays, GError **error)
{
    const Reporter silent = { .quiet = TRUE };
    Deadline deadline = deadline_in(vm->context->timeout_ms, -1);
    g_autoptr(GPtrArray) now = vm_disks(vm, 0, &deadline, error);

    if (!now)
        return FALSE;
    for (guint i = 0; i < overlays->len; i++) {
        const Overlay *overlay = overlays->pdata[i];
        const Disk *same = disks_find(now, overlay->disk->name);

        if (same && g_strcmp0(same->path, overlay->path) == 0 &&
            !commit(vm, same, &silent, -1, error))
            return FALSE;
    }
    return TRUE;
}
