/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "agent/base/errors.h"
#include "host/tool.h"
#include "host/vm-bare.h"

/* Cleaning up is not interrupted; a job that is cancelled ends with the request under way. */
#define CLEAN_UP_MS 30000

/* What is undone is told apart by being named in no manifest, so this also ends what a killed
 * guestctl has left. @keep: the id whose bitmaps are needed, or NULL. */
static gboolean clear_qemu(Backup *backup, const ChainPoint *keep, GError **error)
{
    Vm *vm = backup->job->vm;
    Limit limit = limit_in(CLEAN_UP_MS, -1);
    g_autofree char *bitmap = keep ? backup_bitmap(backup, keep) : NULL;
    Qmp *qmp = vm_bare_qmp(vm, &limit, error);

    return qmp && blocks_release(qmp, backup->prefix, &limit, error) &&
           blocks_forget(qmp, backup->prefix, bitmap, &limit, error);
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
    Limit limit = limit_in(CLEAN_UP_MS, -1);
    Qmp *qmp = backup->stopped ? NULL : vm_bare_qmp(backup->job->vm, &limit, NULL);

    if (qmp && blocks_is_stopped(qmp) && qmp_do(qmp, "cont", NULL, &limit, NULL))
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

/* From the freeze to the thaw, there is nothing but the transaction. */
static gboolean begin(Backup *backup, Quiesce *window, GError **error)
{
    Vm *vm = backup->job->vm;
    Limit limit = vm_limit(vm, 0);
    Qmp *qmp = vm_bare_qmp(vm, &limit, error);
    g_autoptr(GError) problem = NULL;
    g_autoptr(GError) stuck = NULL;

    if (!qmp || !copy_prepare(backup, qmp, error) || !quiesce_begin(window, error))
        return FALSE;
    limit = vm_limit(vm, window->limit_s * 1000);
    copy_begin(backup, qmp, &limit, &problem);
    quiesce_end(window, &stuck);
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
    Limit limit = limit_in(CLEAN_UP_MS, backup->job->context->cancel_fd);
    Qmp *qmp = vm_bare_qmp(backup->job->vm, &limit, error);
    JsonNode *told = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(told, json_object_new());
    quiesce_to_json(window, json_node_get_object(told));
    backup->point->consistency = told;
    if (!qmp || !blocks_release(qmp, backup->prefix, &limit, error))
        return FALSE;
    for (guint i = 0; i < backup->point->disks->len; i++)
        if (!seal_file(backup, backup->point->disks->pdata[i], error))
            return FALSE;
    return tool_sync(backup->chain->dir, error) &&
           chain_commit(backup->chain, backup->point, error);
}

gboolean backup_make(Backup *backup, Quiesce *window, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!begin(backup, window, error) || !copy_await(backup, error) ||
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
