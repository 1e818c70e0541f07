/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/backup.h"
#include "host/base/json-util.h"
#include "host/base/progress.h"
#include "host/vm/bare/vm.h"
#include "lib/errors.h"

/* How often progress is looked at; QEMU tells when a job ends. */
#define LOOK_MS 500

/* Bytes a second while the guest is frozen. At full speed, its disks and QEMU would be busy
 * with the copy when it is to be thawed. */
#define HELD_RATE 1

static gboolean bare_disks(Backup *backup, GError **error)
{
    Deadline deadline = vm_deadline(backup->job->vm, 0);
    Qmp *qmp = vm_bare_qmp(backup->job->vm, &deadline, error);

    backup->stopped = qmp && blocks_is_stopped(qmp);
    backup->disks = qmp ? blocks_list(qmp, &deadline, error) : NULL;
    return backup->disks != NULL;
}

/* Of blockdev-add: a qcow2 image in a file. */
static JsonObject *target_arguments(const char *node, const char *path)
{
    JsonObject *arguments = jsonu_with("driver", "qcow2"), *file = jsonu_with("driver", "file");

    json_object_set_string_member(arguments, "node-name", node);
    json_object_set_string_member(file, "filename", path);
    json_object_set_object_member(arguments, "file", file);
    return arguments;
}

static gboolean bare_attach(Backup *backup, guint index, const Deadline *deadline, GError **error)
{
    g_autofree char *target = backup_target(backup, index);
    g_autofree char *path = backup_partial(backup, index);
    Qmp *qmp = vm_bare_qmp(backup->job->vm, deadline, error);

    if (!qmp)
        return FALSE;
    if (qmp_do(qmp, "blockdev-add", target_arguments(target, path), deadline, error))
        return TRUE;
    g_prefix_error(error, "QEMU must be able to write to %s: ", backup->chain->dir);
    return FALSE;
}

static void add_action(JsonArray *actions, const char *type, JsonObject *data)
{
    JsonObject *action = jsonu_with("type", type);

    json_object_set_object_member(action, "data", data);
    json_array_add_object_element(actions, action);
}

static void add_actions(const Backup *backup, guint index, JsonArray *actions)
{
    const BlockDisk *disk = backup->disks->pdata[index];
    g_autofree char *target = backup_target(backup, index);
    g_autofree char *fresh = backup_bitmap(backup, backup->point);
    JsonObject *bitmap = jsonu_with("node", disk->node);
    JsonObject *copy = jsonu_with("device", disk->node);

    json_object_set_string_member(bitmap, "name", fresh);
    json_object_set_boolean_member(bitmap, "persistent", disk->remembers);
    add_action(actions, "block-dirty-bitmap-add", bitmap);

    json_object_set_string_member(copy, "target", target);
    json_object_set_string_member(copy, "job-id", target);
    json_object_set_string_member(copy, "sync", backup->parent ? "bitmap" : "full");
    json_object_set_boolean_member(copy, "compress", backup->compress);
    json_object_set_int_member(copy, "speed", HELD_RATE);
    json_object_set_boolean_member(copy, "auto-dismiss", FALSE);
    if (backup->parent) {
        g_autofree char *old = backup_bitmap(backup, backup->parent);

        json_object_set_string_member(copy, "bitmap", old);
        /* It stays as it is, whatever comes of the copy: the next attempt needs it. */
        json_object_set_string_member(copy, "bitmap-mode", "never");
    }
    add_action(actions, "blockdev-backup", copy);
}

static gboolean bare_begin(Backup *backup, const Deadline *deadline, GError **error)
{
    Qmp *qmp = vm_bare_qmp(backup->job->vm, deadline, error);
    JsonObject *arguments;
    JsonArray *actions;

    if (!qmp)
        return FALSE;
    arguments = json_object_new();
    actions = json_array_new();
    json_object_set_array_member(arguments, "actions", actions);
    for (guint i = 0; i < backup->disks->len; i++)
        add_actions(backup, i, actions);
    backup->held = TRUE;
    return qmp_do(qmp, "transaction", arguments, deadline, error);
}

/* After the thaw, the copies go at their speed. One that has ended refuses, and look() sees why. */
static gboolean let_go(Backup *backup, Qmp *qmp, const Deadline *deadline, GError **error)
{
    for (guint i = 0; backup->held && i < backup->disks->len; i++) {
        g_autofree char *job = backup_target(backup, i);
        JsonObject *arguments = jsonu_with("device", job);
        g_autoptr(GError) problem = NULL;

        json_object_set_int_member(arguments, "speed", backup->rate);
        if (!qmp_do(qmp, "block-job-set-speed", arguments, deadline, &problem) &&
            !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
    }
    backup->held = FALSE;
    return TRUE;
}

static gboolean bare_begin_late(Backup *backup, const Deadline *deadline, GError **error)
{
    Qmp *qmp = vm_bare_qmp(backup->job->vm, deadline, error);

    return qmp && qmp_await(qmp, "transaction", deadline, error);
}

/* Adds up all jobs. TRUE as long as nothing went wrong; @all_done once all are at their end. */
static gboolean look(const Backup *backup, JsonNode *result, Progress *progress,
                     gboolean *all_done, GError **error)
{
    gint64 done = 0, total = 0;

    *all_done = TRUE;
    for (guint i = 0; i < backup->disks->len; i++) {
        const char *disk = ((const BlockDisk *)backup->disks->pdata[i])->name;
        g_autofree char *id = backup_target(backup, i);
        BlockJob job;

        block_job_find(result, id, &job);
        if (!job.found)
            set_error(error, "the disk %s: QEMU's job is gone", disk);
        else if (job.error)
            set_error(error, "the disk %s could not be copied: %s", disk, job.error);
        done += job.done;
        total += job.total;
        *all_done = *all_done && job.concluded;
        block_job_clear(&job);
        if (*error)
            return FALSE;
    }
    progress_update(progress, done, total);
    return TRUE;
}

/* One look, or a new connection in place of one that was lost. */
static gboolean step(Backup *backup, Progress *progress, gboolean *all_done, GError **error)
{
    Vm *vm = backup->job->vm;
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GError) problem = NULL;
    Qmp *qmp = vm_bare_qmp(vm, &deadline, error);
    g_autoptr(JsonNode) result = qmp && let_go(backup, qmp, &deadline, &problem)
                                     ? qmp_call(qmp, "query-jobs", NULL, &deadline, &problem)
                                     : NULL;

    *all_done = FALSE;
    if (!qmp)
        return FALSE;
    if (result) {
        if (!look(backup, result, progress, all_done, error))
            return FALSE;
        if (!backup->stopped && blocks_is_stopped(qmp))
            return set_error(error, "QEMU stopped the VM because of an error of a disk");
        if (*all_done || blocks_await_change(qmp, LOOK_MS, backup->job->context->cancel_fd,
                                             &problem))
            return TRUE;
    }
    /* The jobs do not end with the connection. */
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE)) {
        vm_bare_drop_qmp(vm);
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean bare_await(Backup *backup, Progress *progress, GError **error)
{
    g_autoptr(GError) problem = NULL;
    gboolean all_done = FALSE;

    while (!all_done && step(backup, progress, &all_done, &problem))
        ;
    if (!problem)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean bare_release(Backup *backup, const Deadline *deadline, GError **error)
{
    Qmp *qmp = vm_bare_qmp(backup->job->vm, deadline, error);

    return qmp && blocks_release(qmp, backup->prefix, deadline, error);
}

static gboolean bare_forget(Backup *backup, const char *keep, const Deadline *deadline,
                            GError **error)
{
    Qmp *qmp = vm_bare_qmp(backup->job->vm, deadline, error);

    return qmp && blocks_forget(qmp, backup->prefix, keep, deadline, error);
}

static gboolean bare_let_run(Backup *backup)
{
    Deadline deadline = vm_deadline(backup->job->vm, 0);
    Qmp *qmp;

    deadline.cancel_fd = -1;
    qmp = vm_bare_qmp(backup->job->vm, &deadline, NULL);
    return qmp && blocks_is_stopped(qmp) && qmp_do(qmp, "cont", NULL, &deadline, NULL);
}

const BackupOps backup_bare = {
    .disks = bare_disks,
    .attach = bare_attach,
    .begin = bare_begin,
    .begin_late = bare_begin_late,
    .await = bare_await,
    .release = bare_release,
    .forget = bare_forget,
    .let_run = bare_let_run,
};
