/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/snapshot/snapshot.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/vm/bare/vm.h"
#include "host/vm/libvirt/vm.h"
#include "lib/errors.h"

/* What can be in the name of a file without a thought. */
#define NAME_CHARS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-"

void snapshot_disk_free(gpointer data)
{
    SnapshotDisk *disk = data;

    g_free(disk->name);
    g_free(disk->node);
    g_free(disk->image);
    g_free(disk->format);
    g_free(disk->backing);
    g_free(disk->backing_format);
    g_free(disk->overlay);
    g_free(disk);
}

const SnapshotOps *snapshot_ops(const Vm *vm)
{
    return vm_is_libvirt(vm) ? &snapshot_libvirt : &snapshot_bare;
}

SnapshotDisk *snapshot_disk(const GPtrArray *disks, const char *name)
{
    for (guint i = 0; i < disks->len; i++) {
        SnapshotDisk *disk = disks->pdata[i];

        if (g_str_equal(disk->name, name))
            return disk;
    }
    return NULL;
}

static gboolean unknown_disk(const GPtrArray *disks, const char *name, GError **error)
{
    g_autoptr(GString) all = g_string_new(NULL);

    for (guint i = 0; i < disks->len; i++)
        g_string_append_printf(all, "%s%s", i > 0 ? ", " : "",
                               ((SnapshotDisk *)disks->pdata[i])->name);
    return set_error(error, "it has no disk '%s' to write to; there is: %s", name,
                     disks->len ? all->str : "none");
}

/* Leaves only those with the @names in @disks. */
static gboolean choose(GPtrArray *disks, const char *names, GError **error)
{
    g_auto(GStrv) list = g_strsplit(names, ",", -1);

    for (char **name = list; *name; name++)
        if (!snapshot_disk(disks, *name))
            return unknown_disk(disks, *name, error);
    for (guint i = disks->len; i-- > 0;)
        if (!g_strv_contains((const char *const *)list, ((SnapshotDisk *)disks->pdata[i])->name))
            g_ptr_array_remove_index(disks, i);
    return TRUE;
}

GPtrArray *snapshot_disks(Vm *vm, const char *names, GError **error)
{
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GPtrArray) disks = snapshot_ops(vm)->disks(vm, &deadline, error);

    if (!disks || (names && !choose(disks, names, error)))
        return NULL;
    if (disks->len > 0)
        return g_steal_pointer(&disks);
    set_error(error, "it has no disk to write to");
    return NULL;
}

char *snapshot_file_name(const Vm *vm, const char *rest)
{
    const char *slash = strrchr(vm->name, '/');
    char *name = g_strconcat(slash && slash[1] ? slash + 1 : vm->name, "-", rest, NULL);

    return g_strcanon(name, NAME_CHARS, '_');
}

static gboolean plan_disk(const Vm *vm, SnapshotDisk *disk, const char *dir, const char *stamp,
                          GError **error)
{
    g_autofree char *rest = g_strdup_printf("%s-%s.qcow2", disk->name, stamp);
    g_autofree char *file = snapshot_file_name(vm, rest);
    g_autofree char *place = NULL;

    if (!disk->image)
        return set_error(error, "the image of disk %s is no file with an absolute path; leave "
                                "it out by naming the others with --disk", disk->name);
    place = dir ? g_canonicalize_filename(dir, NULL) : g_path_get_dirname(disk->image);
    g_free(disk->overlay);
    disk->overlay = g_build_filename(place, file, NULL);
    if (g_file_test(disk->overlay, G_FILE_TEST_EXISTS) ||
        g_file_test(disk->overlay, G_FILE_TEST_IS_SYMLINK))
        return set_error(error, "%s is there already", disk->overlay);
    if (g_access(place, W_OK | X_OK) != 0)
        return set_errno_error(error, errno, "%s: no files can be made here (is the VM on "
                                             "this machine? see --to)", place);
    return TRUE;
}

gboolean snapshot_plan(const Vm *vm, GPtrArray *disks, const char *dir, const char *stamp,
                       GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < disks->len; i++) {
        SnapshotDisk *disk = disks->pdata[i];

        if (!plan_disk(vm, disk, dir, stamp, error))
            return FALSE;
        if (!g_hash_table_add(seen, disk->overlay))
            return set_error(error, "two disks would have the same overlay %s", disk->overlay);
    }
    return TRUE;
}

/* A reply that was lost says nothing about what was done. */
static SnapshotFate find_out(Vm *vm, const GPtrArray *disks, const Deadline *deadline)
{
    g_autoptr(GPtrArray) now = NULL;
    guint taken = 0;

    vm_bare_drop_qmp(vm);
    now = snapshot_ops(vm)->disks(vm, deadline, NULL);
    if (!now)
        return SNAPSHOT_UNKNOWN;
    for (guint i = 0; i < disks->len; i++) {
        const SnapshotDisk *disk = disks->pdata[i];
        const SnapshotDisk *same = snapshot_disk(now, disk->name);

        taken += same && g_strcmp0(same->image, disk->overlay) == 0;
    }
    return taken == disks->len ? SNAPSHOT_TAKEN : taken == 0 ? SNAPSHOT_NONE : SNAPSHOT_UNKNOWN;
}

/* QEMU leaves the files of a transaction that failed. */
static void remove_overlays(const GPtrArray *disks)
{
    for (guint i = 0; i < disks->len; i++)
        unlink(((SnapshotDisk *)disks->pdata[i])->overlay);
}

gboolean snapshot_take(Vm *vm, const GPtrArray *disks, gint64 ms, GError **error)
{
    Deadline deadline = deadline_in(ms, -1);
    g_autoptr(GError) problem = NULL;

    if (snapshot_ops(vm)->take(vm, disks, &deadline, &problem))
        return TRUE;
    /* A monitor that was lost can be asked anew, and soon enough. */
    if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED) &&
        !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT) &&
        find_out(vm, disks, &deadline) == SNAPSHOT_TAKEN)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

SnapshotFate snapshot_settle(Vm *vm, const GPtrArray *disks, GError *problem, GError **error)
{
    SnapshotFate fate;
    Deadline now;

    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT)) {
        Deadline late = deadline_in(QUIESCE_LATE_MS, vm->context->cancel_fd);

        g_clear_error(&problem);
        if (snapshot_ops(vm)->await(vm, &late, &problem))
            return SNAPSHOT_TAKEN;
    }
    now = deadline_in(vm->context->timeout_ms, -1);
    fate = find_out(vm, disks, &now);
    if (fate == SNAPSHOT_TAKEN) {
        g_error_free(problem);
        return fate;
    }
    if (fate == SNAPSHOT_NONE)
        remove_overlays(disks);
    g_propagate_error(error, problem);
    return fate;
}

/* An image that is somebody else's, such as one shared by many overlays, must not be written to. */
static gboolean check_ours(const SnapshotDisk *disk, char **manifest, GError **error)
{
    *manifest = disk->image ? manifest_find(disk->image) : NULL;
    if (*manifest && disk->backing)
        return TRUE;
    return set_error(error, "disk %s: %s is no snapshot of guestctl's (no manifest beside it "
                            "names it), so nothing is folded into what is below it",
                     disk->name, disk->image ? disk->image : "its image");
}

/* Whether the disk uses what is below the overlay, whatever was said of it. */
static gboolean is_folded(Vm *vm, const SnapshotDisk *disk)
{
    Deadline deadline = deadline_in(vm->context->timeout_ms, -1);
    g_autoptr(GPtrArray) now = snapshot_ops(vm)->disks(vm, &deadline, NULL);
    const SnapshotDisk *same = now ? snapshot_disk(now, disk->name) : NULL;

    return same && g_strcmp0(same->image, disk->backing) == 0;
}

static gboolean fold(Vm *vm, const SnapshotDisk *disk, int cancel_fd, gboolean quiet,
                     GError **error)
{
    g_autofree char *what = g_strdup_printf("%s: commit of %s", vm->name, disk->name);
    Progress progress;
    gboolean ok;

    progress_begin(&progress, what, quiet);
    ok = snapshot_ops(vm)->commit(vm, disk, &progress, cancel_fd, error);
    progress_end(&progress);
    if (!ok && is_folded(vm, disk)) {
        g_clear_error(error);
    } else if (!ok) {
        g_prefix_error(error, "disk %s goes on with %s: ", disk->name, disk->image);
        return FALSE;
    }
    return unlink(disk->image) == 0 ||
           set_errno_error(error, errno, "it is folded back, but %s", disk->image);
}

gboolean snapshot_commit(Vm *vm, const SnapshotDisk *disk, GError **error)
{
    g_autofree char *manifest = NULL;

    if (!check_ours(disk, &manifest, error) || !manifest_spoil(manifest, error) ||
        !fold(vm, disk, vm->context->cancel_fd, vm->context->json, error))
        return FALSE;
    manifest_drop_if_done(manifest);
    return TRUE;
}

gboolean snapshot_undo(Vm *vm, const GPtrArray *disks, GError **error)
{
    Deadline deadline = deadline_in(vm->context->timeout_ms, -1);
    g_autoptr(GPtrArray) now = snapshot_ops(vm)->disks(vm, &deadline, error);

    if (!now)
        return FALSE;
    for (guint i = 0; i < disks->len; i++) {
        const SnapshotDisk *disk = disks->pdata[i];
        const SnapshotDisk *same = snapshot_disk(now, disk->name);

        if (same && g_strcmp0(same->image, disk->overlay) == 0 && !fold(vm, same, -1, TRUE, error))
            return FALSE;
    }
    return TRUE;
}
