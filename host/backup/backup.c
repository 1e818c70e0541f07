/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/backup.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/base/digest.h"
#include "host/base/grant.h"
#include "host/base/image-tool.h"
#include "host/base/qcow2-header.h"
#include "lib/errors.h"

/* Cleaning up is not interrupted; a job that is cancelled ends with the request under way. */
#define CLEAN_UP_MS 30000
/* QEMU has up to so many bytes in flight, and waits after them as long as the rate demands. */
#define BURST (64 << 20)

Backup *backup_new(Vm *vm, Reporter *reporter, Chain *chain, GError **error)
{
    const BackupOps *ops = vm_backup_ops(vm, error);
    Backup *backup;

    if (!ops) {
        chain_free(chain);
        return NULL;
    }
    backup = g_new0(Backup, 1);
    backup->vm = vm;
    backup->reporter = reporter;
    backup->ops = ops;
    backup->chain = chain;
    backup->prefix = g_strdup_printf("guestctl-%s-", chain->name);
    backup->copy.prefix = backup->prefix;
    backup->copy.dir = chain->dir;
    backup->copy.own_dirs = MAX(chain->made, 1);
    return backup;
}

/* Of each disk, or NULL. */
static void free_names(char **names, guint n)
{
    for (guint i = 0; names && i < n; i++)
        g_free(names[i]);
    g_free(names);
}

void backup_free(Backup *backup)
{
    guint n;

    if (!backup)
        return;
    n = backup->disks ? backup->disks->len : 0;
    if (backup->point && chain_newest(backup->chain) != backup->point)
        chain_point_free(backup->point);
    g_clear_pointer(&backup->disks, g_ptr_array_unref);
    free_names(backup->copy.bitmaps, n);
    free_names(backup->copy.parents, n);
    free_names(backup->copy.tags, n);
    g_free((gpointer)backup->copy.point);
    g_strfreev(backup->copy.files);
    g_free(backup->prefix);
    g_free(backup->force);
    vm_free(backup->off);
    chain_free(backup->chain);
    g_free(backup);
}

/* The bitmaps of the newest point of each disk that is in the set; the caller's. */
static char **needed_bitmaps(const Backup *backup)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    const GPtrArray *points = backup->chain->points;

    for (guint i = points->len; i-- > 0;) {
        const ChainPoint *point = points->pdata[i];

        for (guint k = 0; k < point->disks->len; k++) {
            const ChainDisk *disk = point->disks->pdata[k];
            g_autofree char *name = backup_bitmap(backup, point, disk);

            if (!g_hash_table_add(seen, disk->name))
                continue;
            g_strv_builder_add(names, name);
            if (disk->tag)
                g_strv_builder_add(names, disk->tag);
        }
    }
    return g_strv_builder_end(names);
}

/*
 * Ends all jobs of the set and removes its bitmaps that no next backup can need. The leftovers of
 * a guestctl that was killed are recognised by being in no manifest.
 */
static gboolean clear_qemu(Backup *backup, gint64 ms, GError **error)
{
    Deadline deadline = deadline_in(ms, -1);
    g_auto(GStrv) keep = needed_bitmaps(backup);

    return backup->ops->finish(backup->vm, &backup->copy, &deadline, error) &&
           backup->ops->forget(backup->vm, &backup->copy, (const char *const *)keep, &deadline,
                               error);
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
    chain_done(backup->chain);
}

/*
 * A full target also fails the guest's writes: QEMU cannot save what they overwrite. It then
 * pauses the VM, and repeats these writes when the VM resumes.
 */
static void let_run(Backup *backup)
{
    g_autoptr(GError) problem = NULL;
    Deadline deadline = deadline_in(backup->vm->context->timeout_ms, -1);
    gboolean halted;

    if (backup->copy.was_halted || !vm_halted(backup->vm, &halted, &deadline, NULL) || !halted)
        return;
    if (backup->vm->backend->act(backup->vm, VM_DO_RESUME, &deadline, &problem))
        reporter_warn(backup->reporter, "QEMU paused the VM on a disk error; guestctl resumed it");
    else
        reporter_warn(backup->reporter, "QEMU paused the VM on a disk error; failed to resume it: "
                                        "%s", problem->message);
}

/* Its bitmaps are in the images then, where the next backup finds them. */
static gboolean is_off(Vm *vm)
{
    Deadline deadline = vm_deadline(vm, 0);
    VmCondition condition;

    return vm->backend->state && vm_condition(vm, &condition, &deadline, NULL) &&
           condition == CONDITION_OFF;
}

/* Adds to @error what could not be undone. */
static void undo(Backup *backup, GError **error)
{
    g_autoptr(GError) problem = NULL;
    /* One that hangs is not waited for twice. */
    gboolean hangs = error && g_error_matches(*error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT);
    gint64 ms = hangs ? MIN(backup->vm->context->timeout_ms, CLEAN_UP_MS) : CLEAN_UP_MS;
    gboolean cleared = clear_qemu(backup, ms, &problem);

    if (!cleared && !hangs) {
        /* The next command may find a connection that was lost working again. */
        g_clear_error(&problem);
        vm_disconnect(backup->vm);
        cleared = clear_qemu(backup, ms, &problem);
    }
    remove_files(backup);
    if (!cleared && error && *error && (hangs || !is_off(backup->vm))) {
        g_autofree char *text = g_strdup((*error)->message);

        g_free((*error)->message);
        (*error)->message = g_strdup_printf("%s (failed to clean up in QEMU: %s; the next backup "
                                            "does it)", text, problem->message);
    }
}

static gboolean create_file(const Backup *backup, guint index, const char *path, GError **error)
{
    const Disk *disk = backup->disks->pdata[index];
    const char *parent = ((const ChainDisk *)backup->point->disks->pdata[index])->parent;
    g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, disk->size);
    const char *full[] = { "qemu-img", "create", "-q", "-f", "qcow2", path, size, NULL };
    const char *more[] = { "qemu-img", "create", "-q", "-f", "qcow2", "-u", "-F", "qcow2", "-b",
                           NULL, path, size, NULL };
    Deadline deadline = deadline_in(TOOL_CREATE_MS, backup->vm->context->cancel_fd);

    /* By its bare name, so that the directory can be moved; and unopened, however long the chain. */
    if (parent)
        more[9] = chain_point_disk(chain_find(backup->chain, parent), disk->name)->file;
    return tool_run(parent ? more : full, &deadline, NULL, error);
}

static gboolean prepare(Backup *backup, GError **error)
{
    /* While there is room. */
    if (!chain_intend(backup->chain, backup->point->id, error))
        return FALSE;
    for (guint i = 0; i < backup->disks->len; i++) {
        const char *path = backup->copy.files[i];
        Deadline deadline;

        if (!create_file(backup, i, path, error) ||
            !tool_reserve(path, backup_room(backup, i), error))
            return FALSE;
        deadline = vm_deadline(backup->vm, 0);
        if (backup->ops->attach &&
            !backup->ops->attach(backup->vm, &backup->copy, i, &deadline, error))
            return FALSE;
    }
    return TRUE;
}

/*
 * With the guest thawed, guestctl may wait for a QEMU that hangs: a copy that begins after all is a
 * backup that is not consistent, if the mode allows that.
 */
static void begin_late(Backup *backup, const Quiesce *window, GError **problem)
{
    Deadline late = vm_deadline(backup->vm, QUIESCE_LATE_MS);

    if (!window->late || window->plan->mode == QUIESCE_REQUIRE)
        return;
    g_clear_error(problem);
    if (backup->ops->begin_late(backup->vm, &backup->copy, &late, problem))
        backup->point->time = g_get_real_time();
}

/* Between freeze and thaw there is only the transaction. */
static gboolean begin(Backup *backup, Quiesce *window, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(GError) stuck = NULL;
    Deadline deadline;

    if (!prepare(backup, error) || !quiesce_begin(window, error))
        return FALSE;
    deadline = vm_deadline(backup->vm, quiesce_hold_ms(window));
    if (backup->ops->begin(backup->vm, &backup->copy, &deadline, &problem))
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
    return window->plan->mode != QUIESCE_REQUIRE || window->consistent ||
           set_error(error, "not quiesced: %s", window->reason);
}

/* Whether @path is an image of the disk as it was planned; the job's end was checked before. */
static gboolean check_target(const Backup *backup, const ChainDisk *disk, const char *path,
                             GError **error)
{
    const Disk *source = disks_find(backup->disks, disk->name);
    g_auto(Qcow2Header) header = { 0 };

    if (!qcow2_header_read(path, &header, error))
        return FALSE;
    return !source || header.virtual_size == source->size ||
           set_error(error, "disk %s: its copy has %" G_GINT64_FORMAT " bytes instead of %"
                            G_GINT64_FORMAT, disk->name, header.virtual_size, source->size);
}

static gboolean seal_file(Backup *backup, ChainDisk *disk, GError **error)
{
    g_autofree char *final = chain_path(backup->chain, disk->file);
    g_autofree char *partial = g_strconcat(final, CHAIN_PARTIAL, NULL);
    GStatBuf info;

    tool_unreserve(partial);
    tool_sync_begin(partial);
    if (g_stat(partial, &info) < 0)
        return set_errno_error(error, errno, "%s", partial);
    if (!check_target(backup, disk, partial, error))
        return FALSE;
    disk->size = info.st_size;
    disk->range = DIGEST_RANGE;
    disk->digests = digest_file(partial, disk->range, backup->vm->context->cancel_fd, error);
    if (!disk->digests)
        return FALSE;
    if (!tool_sync(partial, backup->vm->context->cancel_fd, error))
        return FALSE;
    /* Ours alone, unless libvirt has left it to root: then an ACL lets us read it. */
    if (info.st_uid == geteuid() && (info.st_mode & S_IRWXG))
        grant_none(partial, NULL);
    return rename(partial, final) == 0 || set_errno_error(error, errno, "%s", final);
}

/* QEMU closes the files; then they get their names, and last the manifest is written. */
static gboolean seal(Backup *backup, const Quiesce *window, GError **error)
{
    Deadline deadline = deadline_in(CLEAN_UP_MS, backup->vm->context->cancel_fd);
    JsonNode *told = json_node_new(JSON_NODE_OBJECT);

    json_node_take_object(told, json_object_new());
    quiesce_to_json(window, json_node_get_object(told));
    backup->point->consistency = told;
    if (!backup->ops->finish(backup->vm, &backup->copy, &deadline, error))
        return FALSE;
    for (guint i = 0; i < backup->point->disks->len; i++)
        if (!seal_file(backup, backup->point->disks->pdata[i], error))
            return FALSE;
    if (!tool_sync(backup->chain->dir, backup->vm->context->cancel_fd, error) ||
        !chain_commit(backup->chain, backup->point, error))
        return FALSE;
    chain_done(backup->chain);
    return TRUE;
}

static gboolean follow(Backup *backup, GError **error)
{
    Progress progress;
    gboolean ok;

    reporter_progress_begin(backup->reporter, &progress, "backup");
    /* A limit of the rate makes pauses. */
    if (backup->rate > 0)
        progress.stall.more_s = BURST / backup->rate + 1;
    ok = backup->ops->follow(backup->vm, &backup->copy, &progress, backup->vm->context->cancel_fd,
                             error);
    reporter_progress_end(&progress);
    return ok;
}

gboolean backup_make(Backup *backup, Quiesce *window, GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!begin(backup, window, error) || !follow(backup, error) ||
        !seal(backup, window, error)) {
        undo(backup, error);
        let_run(backup);
        return FALSE;
    }
    if (!clear_qemu(backup, CLEAN_UP_MS, &problem))
        reporter_warn(backup->reporter, "failed to remove the bitmaps of the last backup (%s); the "
                                        "next backup removes them", problem->message);
    return TRUE;
}

gboolean backup_sweep(Backup *backup, GError **error)
{
    Deadline deadline = deadline_in(CLEAN_UP_MS, backup->vm->context->cancel_fd);
    guint ended = 0;

    if (backup->ops->end_left &&
        !backup->ops->end_left(backup->vm, &ended, &deadline, error))
        return FALSE;
    if (ended > 0)
        reporter_warn(backup->reporter, "ended %u job%s that a guestctl which was killed had left "
                                        "in QEMU", ended, ended == 1 ? "" : "s");
    chain_sweep(backup->chain);
    return clear_qemu(backup, CLEAN_UP_MS, error);
}
