/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/backup/backup.h"
#include "host/backup/store.h"
#include "host/base/json-util.h"
#include "host/base/table.h"
#include "host/vm/bare/vm.h"
#include "lib/errors.h"

/* guestctl VM backup; its words about a directory are in backup-store.c */

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
    return usage_error(error, "--level: '%s' is none of auto, full, incremental", text);
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

static void tell_plan(const Backup *backup)
{
    Job *job = backup->job;
    g_autofree char *bytes = size_text(backup_bytes(backup));

    job_print(job, "would make %s backup of %u disk%s, up to %s\n",
              backup->parent ? "an incremental" : "a full", backup->disks->len,
              backup->disks->len == 1 ? "" : "s", bytes);
    if (backup->reason)
        job_print(job, "full because %s\n", backup->reason);
}

static void tell_success(const Backup *backup, const Quiesce *window, gint64 began)
{
    Job *job = backup->job;
    const ChainPoint *point = backup->point;
    double seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    g_autofree char *bytes = size_text(chain_point_size(point));
    g_autofree char *label = quiesce_text(window);
    g_autoptr(JsonObject) manifest = chain_point_json(point, backup->chain->name);
    g_autofree char *json = jsonu_format(manifest, FALSE);

    job_print(job, "%s backup %s: %u disk%s, %s in %.1f s\n",
              point->parent ? "incremental" : "full", point->id, point->disks->len,
              point->disks->len == 1 ? "" : "s", bytes, seconds);
    if (backup->reason)
        job_print(job, "full because %s\n", backup->reason);
    job_print(job, "%s\n", label);
    g_string_assign(job->json, json);
}

static gboolean run(Backup *backup, GError **error)
{
    Job *job = backup->job;
    g_autofree char *dir = dir_of(job);
    gint64 began = g_get_monotonic_time(), limit_s;
    BackupLevel level;
    QuiesceMode mode;
    Quiesce window;
    gboolean ok;

    if (!read_level(job, &level, error) || !quiesce_options(job, &mode, &limit_s, error) ||
        !job_number(job, "rate", 0, &backup->rate, error))
        return FALSE;
    if (backup->rate < 0)
        return usage_error(error, "--rate needs MiB a second, 1 or more");
    backup->rate <<= 20;
    backup->compress = job_flag(job, "compress");
    backup->chain =
        chain_open(dir, job->vm->name, job->context->dry_run ? CHAIN_PLAN : CHAIN_MAKE, error);
    if (!backup->chain)
        return FALSE;
    backup->prefix = g_strdup_printf("guestctl-%s-", backup->chain->name);
    if (!job->context->dry_run && !backup_sweep(backup, error))
        return FALSE;
    if (!backup_plan(backup, level, error))
        return FALSE;
    if (job->context->dry_run)
        return tell_plan(backup), TRUE;
    quiesce_init(&window, job->vm, mode, limit_s);
    ok = backup_make(backup, &window, error);
    if (ok)
        tell_success(backup, &window, began);
    quiesce_clear(&window);
    return ok;
}

/* A point that was not committed is the backup's own. */
static void clear(Backup *backup)
{
    if (backup->point && chain_newest(backup->chain) != backup->point)
        chain_point_free(backup->point);
    g_clear_pointer(&backup->disks, g_ptr_array_unref);
    g_clear_pointer(&backup->chain, chain_free);
    g_free(backup->prefix);
    g_free(backup->reason);
}

static gboolean make(Job *job, GError **error)
{
    Backup backup = { .job = job };
    gboolean ok;

    if (!vm_is_bare(job->vm) && (job_flag(job, "compress") || job_flag(job, "rate")))
        return usage_error(error, "libvirt knows neither --compress nor --rate for a backup");
    backup.ops = vm_is_bare(job->vm) ? &backup_bare : &backup_libvirt;
    ok = run(&backup, error);
    clear(&backup);
    return ok;
}

static gboolean backup_run(Job *job, GError **error)
{
    const char *word = job->call->n_args ? job->call->args[0] : NULL;

    if (!job_option(job, "to"))
        return usage_error(error, "say where: --to DIR");
    if (!word)
        return make(job, error);
    if (g_str_equal(word, "list"))
        return store_list(job, error);
    if (g_str_equal(word, "verify"))
        return store_verify(job, error);
    if (g_str_equal(word, "prune"))
        return store_prune(job, error);
    return usage_error(error, "'%s' is none of list, verify, prune", word);
}

const Verb verb_backup = {
    .name = "backup",
    .usage = "[list|verify|prune]",
    .summary = "Copies the disks of a running VM, or what changed since the last time",
    .doc = "The copies of all disks begin in one transaction, and within the freeze if there is one;\n"
           "the guest is thawed at once. What is written meanwhile is not in them. Each backup is a\n"
           "set of qcow2 files with a manifest; an incremental one stands on its parent. Of several\n"
           "VMs each has a directory of its own in DIR. list, verify and prune need no VM: list\n"
           "shows the backups, verify reads and checks them all, prune removes the old ones.",
    .options = (const VerbOption[]){
        { "to", "DIR", "where the backups are" },
        { "level", "auto|full|incremental", "default auto: incremental if it can be" },
        { "compress", NULL, "compress the copy; not with libvirt" },
        { "rate", "MIB", "copy no more than so many MiB a second; not with libvirt" },
        QUIESCE_OPTIONS,
        { "keep", "N", "prune: leave the newest N and what they stand on" },
        { NULL },
    },
    .words = (const char *const[]){ "list", "verify", "prune", NULL },
    .flags = VERB_CHANGES | VERB_DRY_ITSELF,
    .max_args = 1,
    .run = backup_run,
};
