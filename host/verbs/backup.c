/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/backup/backup.h"
#include "host/backup/store.h"
#include "host/base/json-util.h"
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
    name = g_strdelimit(g_strdup(job->vm->name), "/", '_');
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

static gboolean run(Job *job, Backup *backup, BackupLevel level, QuiesceMode mode, gint64 limit_s,
                    GError **error)
{
    Deadline deadline = vm_deadline(job->vm, 0);
    gint64 began = g_get_monotonic_time();
    Quiesce window;
    gboolean ok;

    if (!vm_check_steady(job->vm, &deadline, error))
        return FALSE;

    if (!job->context->dry_run && !backup_sweep(backup, error))
        return FALSE;
    if (!backup_plan(backup, level, error))
        return FALSE;
    if (job->context->dry_run)
        return print_plan(job, backup), TRUE;
    quiesce_init(&window, job->vm, mode, limit_s);
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

static gboolean make(Job *job, GError **error)
{
    g_autoptr(Backup) backup = NULL;
    g_autoptr(GPtrArray) only = job_option_names(job, "disk");
    g_autoptr(GPtrArray) except = job_option_names(job, "exclude");
    g_autofree char *dir = dir_of(job);
    gboolean compress = FALSE;
    gint64 limit_s, rate = 0;
    BackupLevel level;
    QuiesceMode mode;
    Chain *chain;

    if (!read_level(job, &level, error) || !quiesce_options(job, &mode, &limit_s, error) ||
        !read_tuning(job, &compress, &rate, error))
        return FALSE;
    chain = chain_open(dir, job->vm->name, job->context->dry_run ? CHAIN_PLAN : CHAIN_MAKE, error);
    backup = chain ? backup_new(job->vm, &job->reporter, chain, error) : NULL;
    if (!backup)
        return FALSE;
    backup->compress = compress;
    backup->rate = rate;
    backup->only = only;
    backup->except = except;
    return run(job, backup, level, mode, limit_s, error);
}

static gboolean prune(Job *job, const char *dir, GError **error)
{
    gint64 keep;

    if (!job_number(job, "keep", 0, &keep, error))
        return FALSE;
    if (keep < 1)
        return usage_error(error, "prune: missing --keep N, the number of backups to keep (1 or "
                                  "more)");
    return store_prune(dir, (guint)keep, job->context->dry_run, &job->reporter, error);
}

static gboolean backup_run(Job *job, GError **error)
{
    const char *word = job->call->n_args ? job->call->args[0] : NULL;
    const char *dir = job_option(job, "to");

    if (!dir)
        return usage_error(error, "missing --to DIR");
    if (!word)
        return make(job, error);
    if (g_str_equal(word, "list"))
        return store_list(dir, &job->reporter, error);
    if (g_str_equal(word, "verify"))
        return store_verify(dir, &job->reporter, job->context->cancel_fd, error);
    if (g_str_equal(word, "prune"))
        return prune(job, dir, error);
    return usage_error(error, "must be one of: list, verify, prune (got '%s')", word);
}

const Verb verb_backup = {
    .name = "backup",
    .usage = "[list|verify|prune]",
    .summary = "Copies the disks of a running VM, or what changed since the last time",
    .doc = "The copies of all disks begin in one transaction, and within the freeze if there is one;\n"
           "the guest is thawed at once. What is written meanwhile is not in them. Each backup is a\n"
           "set of qcow2 files with a manifest; an incremental one depends on its parent. Of several\n"
           "VMs each has a directory of its own in DIR. list, verify and prune need no VM: list\n"
           "shows the backups, verify reads and checks them all, prune removes the old ones.",
    .options = (const VerbOption[]){
        { "to", "DIR", "where the backups are" },
        { "level", "auto|full|incremental", "default auto: incremental if it can be" },
        { "compress", NULL, "compress the copy; not with libvirt" },
        { "rate", "MIB", "copy no more than so many MiB of each disk a second" },
        { "disk", "NAME…", "only this one, as --dry-run calls it; may be given several times" },
        { "exclude", "NAME…", "all but this one; may be given several times" },
        QUIESCE_OPTIONS,
        { "keep", "N", "prune: keep the newest N and those they depend on" },
        { NULL },
    },
    .words = (const char *const[]){ "list", "verify", "prune", NULL },
    .flags = VERB_CHANGES | VERB_DRY_ITSELF,
    .max_args = 1,
    .run = backup_run,
};
