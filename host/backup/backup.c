/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/backup.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/base/image-tool.h"
#include "host/vm/bare/vm.h"
#include "lib/errors.h"

/* Cleaning up is not interrupted; a job that is cancelled ends with the request under way. */
#define CLEAN_UP_MS 30000

/* What is undone is told apart by being named in no manifest, so this also ends what a killed
 * guestctl has left. @keep: the id whose bitmaps are needed, or NULL. */
static gboolean clear_qemu(Backup *backup, const ChainPoint *keep, GError **error)
{
    Deadline deadline = deadline_in(CLEAN_UP_MS, -1);
    g_autofree char *bitmap = keep ? backup_bitmap(backup, keep) : NULL;

    return backup->ops->release(backup, &deadline, error) &&
           backup->ops->forget(backup, bitmap, &deadline, error);
}

static void remove_files(const Backup *backup)
{
    for (guint i = 0; i < backup->point->disks->len; i++) {
        const ChainDisk *disk = backup->point->disks->pdata[i];
        g_autofree char *final = chain_path(backup->chain, disk->file);
        g_autofree char *partial = g_strconcat(final, CHAIN_PARTIAL, NULL);

        unlink(partial);
        unlink(final);
    }
}

/*
 * A target that is full fails the guest's writes as well: what is overwritten cannot be
 * saved before. QEMU stops the VM then, and does these writes again when it goes on.
 */
static void let_run(Backup *backup)
{
    if (!backup->stopped && backup->ops->let_run(backup))
        fprintf(stderr, "guestctl: %s: QEMU had stopped the VM because of an error of a disk; it "
                        "runs on\n", backup->job->vm->name);
}

/* Adds to @error what could not be undone. */
static void undo(Backup *backup, GError **error)
{
    g_autoptr(GError) problem = NULL;
    gboolean cleared = clear_qemu(backup, chain_newest(backup->chain), &problem);

    if (!cleared) {
        /* A connection that was lost may have been lost for the first command only. */
        g_clear_error(&problem);
        if (vm_is_bare(backup->job->vm))
            vm_bare_drop_qmp(backup->job->vm);
        cleared = clear_qemu(backup, chain_newest(backup->chain), &problem);
    }
    remove_files(backup);
    if (!cleared && error && *error) {
        g_autofree char *text = g_strdup((*error)->message);

        g_free((*error)->message);
        (*error)->message =
            g_strdup_printf("%s (QEMU was not told that it is over: %s; the next backup sees "
                            "to that)", text, problem->message);
    }
}

static gboolean create_file(const Backup *backup, guint index, const char *path, GError **error)
{
    const BlockDisk *disk = backup->disks->pdata[index];
    g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, disk->size);
    const char *full[] = { "qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL };
    const char *more[] = { "qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", NULL,
                           path, size, NULL };

    /* By its bare name, so that the directory can be moved. */
    if (backup->parent)
        more[8] = chain_point_disk(backup->parent, disk->name)->file;
    return tool_run(backup->parent ? more : full, backup->job->context->cancel_fd, NULL, error);
}

static gboolean prepare(Backup *backup, GError **error)
{
    for (guint i = 0; i < backup->disks->len; i++) {
        g_autofree char *path = backup_partial(backup, i);
        Deadline deadline;

        if (!create_file(backup, i, path, error) ||
            !tool_reserve(path, backup_room(backup, i), error))
            return FALSE;
        deadline = vm_deadline(backup->job->vm, 0);
        if (backup->ops->attach && !backup->ops->attach(backup, i, &deadline, error))
            return FALSE;
    }
    return TRUE;
}

/*
 * With the guest thawed, a QEMU that hangs may be waited for: if a backup that is not
 * consistent will do, it is one when it begins after all.
 */
static void begin_late(Backup *backup, const Quiesce *window, GError **problem)
{
    Deadline late = vm_deadline(backup->job->vm, QUIESCE_LATE_MS);

    if (!window->late || window->mode == QUIESCE_REQUIRE)
        return;
    g_clear_error(problem);
    if (backup->ops->begin_late(backup, &late, problem))
        backup->point->time = g_get_real_time();
}

/* From the freeze to the thaw, there is nothing but the transaction. */
static gboolean begin(Backup *backup, Quiesce *window, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GError) stuck = NULL;
    Deadline deadline;

    if (!prepare(backup, error) || !quiesce_begin(window, error))
        return FALSE;
    deadline = vm_deadline(backup->job->vm, quiesce_hold_ms(window));
    if (backup->ops->begin(backup, &deadline, &problem))
        backup->point->time = g_get_real_time();
    else if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        quiesce_late(window, problem);
    if (quiesce_end(window, &stuck))
        begin_late(backup, window, &problem);
    if (window->late && window->filesystems > 0 && problem)
        g_prefix_error(&problem, "%s: ", window->reason);
    if (problem && stuck)
        return set_error(error, "%s; and %s", problem->message, stuck->message);
    if (problem || stuck) {
        g_propagate_error(error, problem ? g_steal_pointer(&problem) : g_steal_pointer(&stuck));
        return FALSE;
    }
    return window->mode != QUIESCE_REQUIRE || window->consistent ||
           set_error(error, "not quiesced: %s", window->reason);
}

static gboolean seal_file(Backup *backup, ChainDisk *disk, GError **error)
{
    g_autofree char *final = chain_path(backup->chain, disk->file);
    g_autofree char *partial = g_strconcat(final, CHAIN_PARTIAL, NULL);
    GStatBuf info;

    tool_unreserve(partial);
    if (!tool_sync(partial, error))
        return FALSE;
    if (g_stat(partial, &info) < 0)
        return set_errno_error(error, errno, "%s", partial);
    disk->size = info.st_size;
    disk->sha256 = tool_sha256(partial, backup->job->context->cancel_fd, error);
    if (!disk->sha256)
        return FALSE;
    return rename(partial, final) == 0 || set_errno_error(error, errno, "%s", final);
}

/* QEMU lets go of the files; then they get their names, and last the manifest. */
static gboolean seal(Backup *backup, const Quiesce *window, GError **error)
{
    Deadline deadline = deadline_in(CLEAN_UP_MS, backup->job->context->cancel_fd);
    JsonNode *told = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(told, json_object_new());
    quiesce_to_json(window, json_node_get_object(told));
    backup->point->consistency = told;
    if (!backup->ops->release(backup, &deadline, error))
        return FALSE;
    for (guint i = 0; i < backup->point->disks->len; i++)
        if (!seal_file(backup, backup->point->disks->pdata[i], error))
            return FALSE;
    return tool_sync(backup->chain->dir, error) &&
           chain_commit(backup->chain, backup->point, error);
}

static gboolean await(Backup *backup, GError **error)
{
    const Job *job = backup->job;
    g_autofree char *what = g_strdup_printf("%s: backup", job->vm->name);
    Progress progress;
    gboolean ok;

    progress_begin(&progress, what, !job->alone || job->context->json);
    ok = backup->ops->await(backup, &progress, error);
    progress_end(&progress);
    return ok;
}

gboolean backup_make(Backup *backup, Quiesce *window, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!begin(backup, window, error) || !await(backup, error) ||
        !seal(backup, window, error)) {
        undo(backup, error);
        let_run(backup);
        return FALSE;
    }
    if (!clear_qemu(backup, backup->point, &problem))
        fprintf(stderr, "guestctl: %s: the bitmaps of the last backup are still there (%s); the "
                        "next one removes them\n", backup->job->vm->name, problem->message);
    return TRUE;
}

gboolean backup_sweep(Backup *backup, GError **error)
{
    chain_sweep(backup->chain);
    return clear_qemu(backup, chain_newest(backup->chain), error);
}
