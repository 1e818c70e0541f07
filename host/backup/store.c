/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/store.h"

#include "host/backup/set-check.h"
#include "host/base/image-tool.h"
#include "host/base/json-util.h"
#include "host/base/table.h"
#include "lib/errors.h"

static void list_row(Table *table, const ChainPoint *point)
{
    g_autofree char *when = chain_point_when(point);

    table_cell(table, point->id);
    table_cell(table, when);
    table_cell(table, point->parent ? "incremental" : "full");
    table_cellf(table, "%u", point->disks->len);
    table_size(table, chain_point_size(point));
    table_cell(table, chain_point_label(point));
    table_cell(table, point->parent);
}

gboolean store_list(Job *job, GError **error)
{
    g_autoptr(Chain) chain = chain_open(job_option(job, "to"), NULL, CHAIN_LOOK, error);
    g_autoptr(Table) table = table_new((const char *const[]){
        "BACKUP", "TIME", "LEVEL", ">DISKS", ">SIZE", "CONSISTENCY", "PARENT", NULL });

    if (!chain)
        return FALSE;
    for (guint i = 0; i < chain->points->len; i++) {
        g_autoptr(JsonObject) manifest = chain_point_json(chain->points->pdata[i], chain->name);
        g_autofree char *text = jsonu_format(manifest, FALSE);

        list_row(table, chain->points->pdata[i]);
        g_string_append_printf(job->json, "%s%s", i ? ",\n " : "[", text);
    }
    g_string_append_c(job->json, ']');
    table_print(table, "no backups", job->text);
    return TRUE;
}

static gboolean check_image(const Chain *chain, const ChainDisk *disk, int cancel_fd,
                            GError **error)
{
    g_autofree char *path = chain_path(chain, disk->file);

    return tool_run((const char *const[]){ "qemu-img", "check", "-q", "-f", "qcow2", path, NULL },
                    cancel_fd, NULL, error);
}

/* The point's own files; those it stands on are looked at with their own points. */
static gboolean check_point(const Chain *chain, const ChainPoint *point, int cancel_fd,
                            GError **error)
{
    if (!chain_is_there(chain, point, error))
        return FALSE;
    for (guint i = 0; i < point->disks->len; i++) {
        const ChainDisk *disk = point->disks->pdata[i];

        if (!chain_check_file(chain, disk, cancel_fd, error) ||
            !check_image(chain, disk, cancel_fd, error))
            return FALSE;
    }
    return TRUE;
}

/* A sound file on a broken one is of no use either. */
static gboolean check_parent(const ChainPoint *point, GHashTable *broken, GError **error)
{
    return !point->parent || !g_hash_table_contains(broken, point->parent) ||
           set_error(error, "it stands on %s, which is broken", point->parent);
}

static void tell_point(Job *job, const ChainPoint *point, const GError *problem)
{
    g_autoptr(JsonObject) row = jsonu_with("backup", point->id);
    g_autofree char *text = NULL;

    json_object_set_boolean_member(row, "ok", problem == NULL);
    json_object_set_string_member(row, "error", problem ? problem->message : NULL);
    text = jsonu_format(row, FALSE);
    job_print(job, "%s %s%s\n", point->id, problem ? "is broken: " : "ok",
              problem ? problem->message : "");
    g_string_append_printf(job->json, "%s%s", job->json->len ? ",\n " : "[", text);
}

static void tell_strays(Job *job, const Chain *chain)
{
    g_autoptr(GPtrArray) strays = chain_strays(chain);

    for (guint i = 0; i < strays->len; i++)
        job_print(job, "%s belongs to no backup\n", (const char *)strays->pdata[i]);
}

gboolean store_verify(Job *job, GError **error)
{
    g_autoptr(Chain) chain = chain_open(job_option(job, "to"), NULL, CHAIN_LOOK, error);
    g_autoptr(GHashTable) broken = g_hash_table_new(g_str_hash, g_str_equal);

    if (!chain)
        return FALSE;
    for (guint i = 0; i < chain->points->len; i++) {
        const ChainPoint *point = chain->points->pdata[i];
        g_autoptr(GError) problem = NULL;

        if (!check_point(chain, point, job->context->cancel_fd, &problem) ||
            !check_parent(point, broken, &problem))
            g_hash_table_add(broken, point->id);
        if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        tell_point(job, point, problem);
    }
    g_string_append_c(job->json, ']');
    tell_strays(job, chain);
    return g_hash_table_size(broken) == 0 ||
           set_error(error, "%u of %u backups in %s are broken; take a full one",
                     g_hash_table_size(broken), chain->points->len, chain->dir);
}

gboolean store_prune(Job *job, GError **error)
{
    g_autoptr(Chain) chain = NULL;
    g_autoptr(GPtrArray) surplus = NULL;
    gboolean dry = job->context->dry_run;
    gint64 keep;

    if (!job_number(job, "keep", 0, &keep, error))
        return FALSE;
    if (keep < 1) {
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                    "backup prune: say how many to keep, 1 or more: --keep N");
        return FALSE;
    }
    chain = chain_open(job_option(job, "to"), NULL, dry ? CHAIN_LOOK : CHAIN_WORK, error);
    surplus = chain ? chain_surplus(chain, (guint)keep, error) : NULL;
    for (guint i = 0; surplus && i < surplus->len; i++) {
        ChainPoint *point = surplus->pdata[i];
        g_autofree char *bytes = size_text(chain_point_size(point));

        job_print(job, "%s %s, %s\n", dry ? "would remove" : "removed", point->id, bytes);
        if (!dry && !chain_remove(chain, point, error))
            return FALSE;
    }
    if (surplus && !surplus->len)
        job_print(job, "nothing to remove\n");
    return surplus != NULL;
}
