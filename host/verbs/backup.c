/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/backup/backup.h"
#include "host/backup/forget.h"
#include "host/backup/store.h"
#include "host/base/json-util.h"
#include "host/base/plain-name.h"
#include "host/base/table.h"
#include "host/cli/quiesce-options.h"
#include "lib/errors.h"

/* guestctl VM backup; its words for a directory are in host/backup/store.c */

static gboolean usage_error(GError **error, const char *format, ...) G_GNUC_PRINTF(2, 3);

static gboolean usage_error(GError **error, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "backup: %s", text);
    return FALSE;
}

static gboolean read_level(const Job *job, BackupLevel *level, GError **error)
{
    static const char *const names[] = {
        [LEVEL_AUTO] = "auto", [LEVEL_FULL] = "full", [LEVEL_INCREMENTAL] = "incremental",
    };
    const char *text = job_option(job, "level");

    *level = LEVEL_AUTO;
    if (!text)
        return TRUE;
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        *level = (BackupLevel)i;
        if (g_str_equal(text, names[i]))
            return TRUE;
    }
    return usage_error(error, "--level: must be one of: auto, full, incremental (got '%s')", text);
}

/* Several VMs have a directory each. */
static char *dir_of(const Job *job)
{
    const char *dir = job_option(job, "to");
    g_autofree char *name = NULL;

    if (job->alone)
        return g_strdup(dir);
    name = plain_name(job->vm->name);
    return g_build_filename(dir, name, NULL);
}

/* Why disks are copied in full although incremental copies were wanted. */
static void print_reasons(Job *job, const ChainPoint *point)
{
    for (guint i = 0; i < point->disks->len; i++) {
        const ChainDisk *disk = point->disks->pdata[i];

        if (disk->reason)
            job_print(job, "full because %s\n", disk->reason);
    }
}

static void print_plan(Job *job, const Backup *backup)
{
    g_autofree char *bytes = size_text(backup_bytes(backup));
    const char *level = chain_point_level(backup->point);

    job_print(job, "would make %s %s backup of %u disk%s, up to %s\n",
              g_str_equal(level, "incremental") ? "an" : "a", level, backup->disks->len,
              backup->disks->len == 1 ? "" : "s", bytes);
    print_reasons(job, backup->point);
}

static void print_result(Job *job, const Backup *backup, const Quiesce *window, gint64 began)
{
    const ChainPoint *point = backup->point;
    double seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    g_autofree char *bytes = size_text(chain_point_size(point));
    g_autofree char *label = quiesce_text(window);
    g_autoptr(JsonObject) manifest = chain_point_json(point, backup->chain->name);
    g_autofree char *json = jsonu_format(manifest, FALSE);

    job_print(job, "%s backup %s: %u disk%s, %s in %.1f s\n",
              chain_point_level(point), point->id, point->disks->len,
              point->disks->len == 1 ? "" : "s", bytes, seconds);
    print_reasons(job, point);
    job_print(job, "%s\n", label);
    g_string_assign(job->json, json);
}

/* Of a VM that is off, the disks are opened here. */
static gboolean check_condition(Job *job, Backup *backup, GError **error)
{
    Deadline deadline = vm_deadline(job->vm, 0);
    VmCondition condition;

    if (!vm_condition(job->vm, &condition, &deadline, error))
        return FALSE;
    if (condition == CONDITION_OFF)
        return backup_use_off(backup, error);
    if (job->context->images)
        return usage_error(error, "--image is for a VM that is off; this one is %s",
                           condition_info(condition)->text);
    return vm_check_steady(job->vm, &deadline, error);
}

static gboolean run(Job *job, Backup *backup, BackupLevel level, const QuiescePlan *plan,
                    GError **error)
{
    gint64 began = g_get_monotonic_time();
    Quiesce window;
    gboolean ok;

    if (!job_lock(job, "backup", TRUE, error) || !check_condition(job, backup, error))
        return FALSE;
    if (!job->context->dry_run && !backup_sweep(backup, error))
        return FALSE;
    if (!backup_plan(backup, level, error))
        return FALSE;
    if (job->context->dry_run)
        return print_plan(job, backup), TRUE;
    quiesce_init(&window, job->vm, plan);
    if (backup->off)
        quiesce_off(&window, backup_force(backup));
    ok = backup_make(backup, &window, error);
    if (ok)
        print_result(job, backup, &window, began);
    quiesce_clear(&window);
    return ok;
}

/* --compress, where the VM's backend can do that, and --rate. */
static gboolean read_tuning(const Job *job, gboolean *compress, gint64 *rate, GError **error)
{
    const BackupOps *ops = vm_backup_ops(job->vm, error);

    if (!ops)
        return FALSE;
    if (!ops->compresses && job_flag(job, "compress"))
        return usage_error(error, "%s offers no --compress",
                           job->vm->backend->name);
    if (!job_number(job, "rate", 0, rate, error))
        return FALSE;
    if (*rate < 0)
        return usage_error(error, "--rate must be 1 or more MiB a second");
    *rate <<= 20;
    *compress = job_flag(job, "compress");
    return TRUE;
}

/* The set in @dir, if it is the VM's. */
static Chain *open_of(const Job *job, const char *dir, ChainUse use, GError **error)
{
    g_autoptr(Chain) chain = chain_open(dir, NULL, use, error);
    Deadline deadline = vm_deadline(job->vm, 0);
    g_autofree char *uuid = chain && chain_newest(chain) ? vm_uuid(job->vm, &deadline) : NULL;

    return chain && chain_check_vm(chain, job->vm->name, uuid, error) ? g_steal_pointer(&chain)
                                                                      : NULL;
}

/* A restore, and what reads the newest backup, opens all members. */
#define MAX_CHAIN 30

/* The largest number that makes sense for --max-chain and the rules of prune. */
#define COUNT_MAX 1000000

static gboolean read_count(const Job *job, const char *name, gint64 fallback, gint64 *count,
                           GError **error)
{
    if (!job_number(job, name, fallback, count, error))
        return FALSE;
    return (*count >= 0 && *count <= COUNT_MAX) ||
           usage_error(error, "--%s must be a number from 0 to %d", name, COUNT_MAX);
}

static gboolean make(Job *job, GError **error)
{
    g_autoptr(Backup) backup = NULL;
    g_autoptr(GPtrArray) only = job_option_names(job, "disk");
    g_autoptr(GPtrArray) except = job_option_names(job, "exclude");
    g_autofree char *dir = dir_of(job);
    gboolean compress = FALSE;
    gint64 rate = 0, max_chain;
    BackupLevel level;
    g_auto(QuiescePlan) plan = { 0 };
    Chain *chain;

    if (!read_level(job, &level, error) || !quiesce_options(job, &plan, error) ||
        !read_tuning(job, &compress, &rate, error) ||
        !read_count(job, "max-chain", MAX_CHAIN, &max_chain, error))
        return FALSE;
    chain = open_of(job, dir, job->context->dry_run ? CHAIN_PLAN : CHAIN_MAKE, error);
    backup = chain ? backup_new(job->vm, &job->reporter, chain, error) : NULL;
    if (!backup)
        return FALSE;
    if (!job->alone)
        backup->copy.own_dirs = MAX(backup->copy.own_dirs, 2); /* DIR, and the VM's in it */
    backup->compress = compress;
    backup->rate = rate;
    backup->max_chain = max_chain;
    backup->only = only;
    backup->except = except;
    backup->plaintext = job_flag(job, "allow-plaintext");
    return run(job, backup, level, &plan, error);
}

static gboolean prune(Job *job, const char *dir, GError **error)
{
    Retention rules = { 0 };
    gint64 keep;

    if (!read_count(job, "keep", 0, &keep, error) ||
        !read_count(job, "keep-last", keep, &rules.last, error) ||
        !read_count(job, "keep-daily", 0, &rules.daily, error) ||
        !read_count(job, "keep-weekly", 0, &rules.weekly, error) ||
        !read_count(job, "keep-monthly", 0, &rules.monthly, error))
        return FALSE;
    rules.last = MAX(rules.last, keep);
    if (!retention_is_set(&rules))
        return usage_error(error, "prune: missing --keep N, the number of backups to keep (1 or "
                                  "more), or --keep-daily, --keep-weekly, --keep-monthly");
    return store_prune(dir, &rules, job->context->dry_run, &job->reporter, error);
}

static gboolean forget(Job *job, gboolean all, GError **error)
{
    g_autofree char *dir = all ? NULL : dir_of(job);
    g_autoptr(Chain) chain = NULL;
    VmCondition condition;
    Deadline deadline;

    if (dir) {
        chain = open_of(job, dir, job->context->dry_run ? CHAIN_LOOK : CHAIN_WORK, error);
        if (!chain)
            return FALSE;
    }
    if (!job_lock(job, "forget", TRUE, error))
        return FALSE;
    deadline = vm_deadline(job->vm, 0);
    if (vm_condition(job->vm, &condition, &deadline, NULL) && condition == CONDITION_OFF)
        return backup_forget_off(job->vm, chain, &job->reporter, error);
    return forget_marks(job->vm, chain ? chain->name : NULL, &job->reporter, error);
}

static gboolean run_forget(Job *job, const char *dir, GError **error)
{
    gboolean all = job_flag(job, "all");

    if (all == (dir != NULL))
        return usage_error(error, "forget: give either --to DIR or --all");
    return forget(job, all, error);
}

/* Of VMs that are named, also what the backups have left in them. */
static gboolean list(Job *job, GError **error)
{
    g_autofree char *dir = job->vm ? dir_of(job) : g_strdup(job_option(job, "to"));
    gboolean ok = store_list(dir, &job->reporter, error);
    g_autoptr(Chain) chain = job->vm ? chain_open(dir, NULL, CHAIN_INSPECT, NULL) : NULL;

    if (chain && chain->name)
        forget_list(job->vm, chain->name, chain->dir, &job->reporter);
    return ok;
}

static gboolean adopt(Job *job, GError **error)
{
    g_autofree char *dir = dir_of(job);
    g_autoptr(Chain) chain =
        chain_open(dir, NULL, job->context->dry_run ? CHAIN_LOOK : CHAIN_WORK, error);
    Deadline deadline = vm_deadline(job->vm, 0);
    g_autofree char *uuid = chain ? vm_uuid(job->vm, &deadline) : NULL;
    g_autofree char *before = chain ? g_strdup(chain_newest(chain)->vm) : NULL;

    if (!chain || (!job->context->dry_run && !chain_adopt(chain, job->vm->name, uuid, error)))
        return FALSE;
    job_print(job, "%s %u backups of %s\n", job->context->dry_run ? "would adopt" : "adopted",
              chain->points->len, before);
    return TRUE;
}

static gboolean backup_run(Job *job, GError **error)
{
    const char *word = job->call->n_args ? job->call->args[0] : NULL;
    const char *dir = job_option(job, "to");

    if (g_strcmp0(word, "forget") == 0)
        return run_forget(job, dir, error);
    if (!dir)
        return usage_error(error, "missing --to DIR");
    if (!word)
        return make(job, error);
    if (g_str_equal(word, "adopt"))
        return adopt(job, error);
    if (g_str_equal(word, "list"))
        return list(job, error);
    if (g_str_equal(word, "verify"))
        return store_verify(dir, job_flag(job, "deep"), &job->reporter, job->context->cancel_fd,
                            error);
    if (g_str_equal(word, "prune"))
        return prune(job, dir, error);
    return usage_error(error, "must be one of: list, verify, prune, forget, adopt (got '%s')", word);
}

const Verb verb_backup = {
    .name = "backup",
    .usage = "[list|verify|prune|forget|adopt]",
    .summary = "Copies the disks of a VM, or what changed since the last time",
    .doc = "The copies of all disks begin in one transaction, and within the freeze if there is one;\n"
           "the guest is thawed at once. What is written meanwhile is not in them. A VM that is off is\n"
           "not started: qemu-storage-daemon copies its images, which no QEMU can open meanwhile; those\n"
           "of a bare QEMU are known from the last backup, or from --image. Each backup is a\n"
           "set of qcow2 files with a manifest; an incremental one depends on its parent. Of several\n"
           "VMs each has a directory of its own in DIR. list, verify and prune need no VM: list\n"
           "shows the backups, and with a VM named the bitmaps of backups that it has; verify reads\n"
           "the files of all and checks their checksums, headers and structure: a file that was edited,\n"
           "swapped, cut or put on another one is named; with --deep it also reads all data through\n"
           "QEMU, and the disks of the newest backup of each chain as restore reads them; prune removes those that no --keep option keeps and no kept one\n"
           "depends on (newest of each day, week of ISO 8601 and month in local time). forget removes\n"
           "the bitmaps and checkpoints of the backups in DIR, or of all directories, from the VM, so\n"
           "that it can be reverted or undefined; the backups stay, and the next one is a full one. A\n"
           "directory belongs to the VM with the UUID of its backups, or, if that is not known, with\n"
           "their name; adopt makes it the directory of this VM.",
    .options = (const VerbOption[]){
        { "to", "DIR", "where the backups are" },
        { "level", "auto|full|incremental", "default auto: incremental if it can be" },
        { "compress", NULL, "compress the copy; not with libvirt" },
        { "rate", "MIB", "copy no more than so many MiB of each disk a second" },
        { "disk", "NAME…", "only this one, as --dry-run calls it; may be given several times" },
        { "exclude", "NAME…", "all but this one; may be given several times" },
        { "allow-plaintext", NULL, "copy encrypted disks, although the copies are not encrypted" },
        QUIESCE_OPTIONS,
        { "max-chain", "N", "auto: begin with a full copy after N backups; 0: never; default 30" },
        WAIT_OPTION,
        { "keep", "N", "prune: keep the newest N and those they depend on" },
        { "keep-last", "N", "the same" },
        { "keep-daily", "N", "prune: keep the newest of each of the last N days with a backup" },
        { "keep-weekly", "N", "prune: the same of weeks" },
        { "keep-monthly", "N", "prune: the same of months" },
        { "all", NULL, "forget: of all directories" },
        { "deep", NULL, "verify: read all data through QEMU, too" },
        { NULL },
    },
    .words = (const char *const[]){ "list", "verify", "prune", NULL },
    .named_words = (const char *const[]){ "list", NULL },
    .flags = VERB_CHANGES | VERB_DRY_ITSELF,
    .max_args = 1,
    .run = backup_run,
};
