/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/json-util.h"
#include "host/vm/bare/jobs.h"
#include "lib/errors.h"

/* Backups by QEMU's monitor. */

/*
 * Bytes a second while the guest is frozen. At full speed, the copy would keep QEMU and the
 * disks busy when the guest is to be thawed.
 */
#define HELD_RATE 1

static const Disk *disk_at(const DiskCopy *copy, guint index)
{
    return copy->disks->pdata[index];
}

/*
 * Of blockdev-add: a qcow2 image in a file, without its backing file: a copy writes whole clusters
 * only, and QEMU would open the whole chain.
 */
static JsonObject *target_arguments(const char *node, const char *path)
{
    JsonObject *arguments = jsonu_with("driver", "qcow2"), *file = jsonu_with("driver", "file");

    json_object_set_string_member(arguments, "node-name", node);
    json_object_set_string_member(file, "filename", path);
    json_object_set_object_member(arguments, "file", file);
    json_object_set_null_member(arguments, "backing");
    return arguments;
}

static gboolean attach(Vm *vm, const DiskCopy *copy, guint index, const Deadline *deadline,
                       GError **error)
{
    g_autofree char *node = disk_copy_job(copy, index);
    Qmp *qmp = bare_qmp(vm, deadline, error);

    if (!qmp)
        return FALSE;
    if (qmp_do(qmp, "blockdev-add", target_arguments(node, copy->files[index]), deadline, error))
        return TRUE;
    g_prefix_error(error, "QEMU must be able to write to %s: ", copy->dir);
    return FALSE;
}

/*
 * Of one qcow2 image, what is allocated is all there is, and "top" finds that by whole tables, while
 * "full" asks for each cluster (QEMU 7.2: 6 s instead of 17 for 2 GiB scattered over 500 GiB).
 */
static const char *how_much(const DiskCopy *copy, guint index)
{
    const Disk *disk = disk_at(copy, index);

    if (copy->parents[index])
        return "bitmap";
    return disk->depth == 0 && g_strcmp0(disk->format, "qcow2") == 0 ? "top" : "full";
}

static void add_actions(const DiskCopy *copy, guint index, JsonArray *actions)
{
    const Disk *disk = disk_at(copy, index);
    g_autofree char *job = disk_copy_job(copy, index);
    JsonObject *data = jsonu_with("device", disk->node);

    if (copy->bitmaps[index]) {
        JsonObject *bitmap = jsonu_with("node", disk->node);

        json_object_set_string_member(bitmap, "name", copy->bitmaps[index]);
        json_object_set_boolean_member(bitmap, "persistent", disk_keeps_bitmaps(disk));
        bare_add_action(actions, "block-dirty-bitmap-add", bitmap);
    }
    json_object_set_string_member(data, "target", job);
    json_object_set_string_member(data, "job-id", job);
    json_object_set_string_member(data, "sync", how_much(copy, index));
    json_object_set_boolean_member(data, "compress", copy->compress);
    json_object_set_int_member(data, "speed", HELD_RATE);
    json_object_set_boolean_member(data, "auto-dismiss", FALSE);
    if (copy->parents[index]) {
        json_object_set_string_member(data, "bitmap", copy->parents[index]);
        /* It stays as it is, however the copy ends: the next attempt needs it. */
        json_object_set_string_member(data, "bitmap-mode", "never");
    }
    bare_add_action(actions, "blockdev-backup", data);
}

static gboolean begin(Vm *vm, DiskCopy *copy, const Deadline *deadline, GError **error)
{
    Qmp *qmp = bare_qmp(vm, deadline, error);
    JsonArray *actions;

    if (!qmp)
        return FALSE;
    actions = json_array_new();
    for (guint i = 0; i < copy->disks->len; i++)
        add_actions(copy, i, actions);
    copy->held = TRUE;
    return bare_transaction(qmp, actions, deadline, error);
}

static gboolean begin_late(Vm *vm, DiskCopy *copy, const Deadline *deadline, GError **error)
{
    (void)copy;
    return bare_transaction_follow(vm, deadline, error);
}

/* After the thaw, the copies run at their speed. A job that has ended refuses a speed. */
static gboolean release(DiskCopy *copy, Qmp *qmp, const Deadline *deadline, GError **error)
{
    for (guint i = 0; copy->held && i < copy->disks->len; i++) {
        g_autofree char *job = disk_copy_job(copy, i);
        g_autoptr(GError) problem = NULL;
        JsonObject *arguments = jsonu_with("device", job);

        json_object_set_int_member(arguments, "speed", copy->rate);
        if (!qmp_do(qmp, "block-job-set-speed", arguments, deadline, &problem) &&
            !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
    }
    copy->held = FALSE;
    return TRUE;
}

static gboolean step(Vm *vm, Qmp *qmp, gpointer data, GError **error)
{
    DiskCopy *copy = data;
    Deadline deadline = vm_deadline(vm, 0);
    gboolean halted = FALSE;

    if (!release(copy, qmp, &deadline, error))
        return FALSE;
    if (!copy->was_halted)
        vm_halted(vm, &halted, &deadline, NULL);
    return !halted || set_error(error, "QEMU paused the VM on a disk error");
}

static gboolean follow(Vm *vm, DiskCopy *copy, Progress *progress, int cancel_fd, GError **error)
{
    g_auto(GStrv) ids = g_new0(char *, copy->disks->len + 1);
    g_autoptr(GError) problem = NULL;
    g_autofree const char **names = g_new0(const char *, copy->disks->len + 1);

    for (guint i = 0; i < copy->disks->len; i++) {
        ids[i] = disk_copy_job(copy, i);
        names[i] = disk_at(copy, i)->name;
    }
    if (jobs_follow(vm, ids, names, step, copy, progress, cancel_fd, &problem))
        return TRUE;
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        g_prefix_error(&problem, "%s ended during the backup: ",
                       vm->backend == &bare_backend ? "QEMU" : vm->backend->name);
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean finish(Vm *vm, const DiskCopy *copy, const Deadline *deadline, GError **error)
{
    return jobs_finish(vm, copy->prefix, NULL, deadline, error);
}

static gboolean end_left(Vm *vm, guint *ended, const Deadline *deadline, GError **error)
{
    return jobs_finish(vm, GUESTCTL_PREFIX, ended, deadline, error);
}

static gboolean remove_bitmap(Qmp *qmp, const char *node, const char *name,
                              const Deadline *deadline, GError **error)
{
    JsonObject *arguments = jsonu_with("node", node);

    json_object_set_string_member(arguments, "name", name);
    return qmp_do(qmp, "block-dirty-bitmap-remove", arguments, deadline, error);
}

static gboolean forget(Vm *vm, const DiskCopy *copy, const char *const *keep,
                       const Deadline *deadline, GError **error)
{
    g_autoptr(GPtrArray) disks = vm->backend->disks(vm, DISK_BITMAPS, deadline, error);
    Qmp *qmp = disks ? bare_qmp(vm, deadline, error) : NULL;

    for (guint i = 0; qmp && i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];

        for (guint k = 0; k < disk->bitmaps->len; k++) {
            const char *name = ((const DiskBitmap *)disk->bitmaps->pdata[k])->name;

            if (!g_str_has_prefix(name, copy->prefix) || g_strv_contains(keep, name))
                continue;
            if (!remove_bitmap(qmp, disk->node, name, deadline, error))
                return FALSE;
        }
    }
    return qmp != NULL;
}

/* The name of the disk that the guest writes to by @node; NULL: the node is below another. */
static const char *disk_of_node(const GPtrArray *disks, const char *node)
{
    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];

        if (g_strcmp0(disk->node, node) == 0)
            return disk->name;
    }
    return NULL;
}

static void add_marks(GPtrArray *marks, JsonObject *row, const GPtrArray *disks)
{
    const char *node = jsonu_string(row, "node-name", NULL);
    const char *disk = node ? disk_of_node(disks, node) : NULL;
    JsonArray *bitmaps = jsonu_array(row, "dirty-bitmaps");

    for (guint i = 0; node && i < jsonu_count(bitmaps); i++) {
        const char *name = jsonu_string(jsonu_item(bitmaps, i), "name", NULL);

        if (name)
            g_ptr_array_add(marks, backup_mark_new(
                name, g_strdup(disk ? disk : jsonu_string(row, "file", node)), g_strdup(node)));
    }
}

/* Those of images below the disks' as well. */
static GPtrArray *marks(Vm *vm, const Deadline *deadline, GError **error)
{
    g_autoptr(GPtrArray) disks = vm->backend->disks(vm, 0, deadline, error);
    Qmp *qmp = disks ? bare_qmp(vm, deadline, error) : NULL;
    g_autoptr(JsonNode) nodes = qmp ? bare_nodes(qmp, deadline, error) : NULL;
    JsonArray *rows = jsonu_node_array(nodes);
    GPtrArray *found;

    if (!nodes)
        return NULL;
    found = g_ptr_array_new_with_free_func(backup_mark_free);
    for (guint i = 0; i < jsonu_count(rows); i++)
        add_marks(found, jsonu_item(rows, i), disks);
    return found;
}

static gboolean unmark(Vm *vm, const BackupMark *mark, char **note, const Deadline *deadline,
                       GError **error)
{
    Qmp *qmp = bare_qmp(vm, deadline, error);

    (void)note;
    return qmp && remove_bitmap(qmp, mark->node, mark->name, deadline, error);
}

const BackupOps bare_backup = {
    .compresses = TRUE,
    .own_bitmaps = TRUE,
    .attach = attach,
    .begin = begin,
    .begin_late = begin_late,
    .follow = follow,
    .finish = finish,
    .end_left = end_left,
    .forget = forget,
    .marks = marks,
    .unmark = unmark,
};
