/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/store.h"

#include "host/backup/readers.h"
#include "host/backup/set-check.h"
#include "host/base/image-tool.h"
#include "host/base/json-util.h"
#include "host/base/table.h"
#include "lib/errors.h"

/* Why disks are copied in full; the caller's. */
static char *reasons_of(const ChainPoint *point)
{
    g_autoptr(GStrvBuilder) reasons = g_strv_builder_new();
    g_auto(GStrv) all = NULL;

    for (guint i = 0; i < point->disks->len; i++) {
        const ChainDisk *disk = point->disks->pdata[i];

        if (disk->reason)
            g_strv_builder_add(reasons, disk->reason);
    }
    all = g_strv_builder_end(reasons);
    return *all ? g_strjoinv("; ", all) : NULL;
}

static void list_row(Table *table, const ChainPoint *point)
{
    g_autofree char *when = chain_point_when(point);
    g_autofree char *reasons = reasons_of(point);

    table_cell(table, point->id);
    table_cell(table, when);
    table_cell(table, chain_point_level(point));
    table_cellf(table, "%u", point->disks->len);
    table_size(table, chain_point_size(point));
    table_cell(table, chain_point_label(point));
    table_cell(table, point->parent);
    table_cell(table, reasons);
}

static void report_list(Reporter *reporter, JsonArray *list)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);

    json_node_take_array(node, list);
    reporter_json(reporter, node);
}

/* FALSE with @error set if there are manifests that cannot be read. */
static gboolean check_broken(const Chain *chain, GError **error)
{
    guint n = chain->broken->len;

    return n == 0 || set_error(error, "%u of %u manifests in %s cannot be read", n,
                               n + chain->points->len, chain->dir);
}

static void list_broken(const Chain *chain, Reporter *reporter, JsonArray *list)
{
    for (guint i = 0; i < chain->broken->len; i++) {
        const ChainBroken *broken = chain->broken->pdata[i];
        JsonObject *row = jsonu_with("id", broken->id);

        json_object_set_string_member(row, "error", broken->problem);
        json_array_add_object_element(list, row);
        reporter_print(reporter, "%s cannot be read: %s\n", broken->id, broken->problem);
    }
}

gboolean store_list(const char *dir, Reporter *reporter, GError **error)
{
    g_autoptr(Chain) chain = chain_open(dir, NULL, CHAIN_INSPECT, error);
    g_autoptr(Table) table = table_new((const char *const[]){
        "BACKUP", "TIME", "LEVEL", ">DISKS", ">SIZE", "CONSISTENCY", "PARENT", "FULL BECAUSE", NULL });
    JsonArray *list;

    if (!chain)
        return FALSE;
    list = json_array_new();
    for (guint i = 0; i < chain->points->len; i++) {
        list_row(table, chain->points->pdata[i]);
        json_array_add_object_element(list, chain_point_json(chain->points->pdata[i], chain->name));
    }
    if (reporter->text)
        table_print(table, "no backups", reporter->text);
    list_broken(chain, reporter, list);
    report_list(reporter, list);
    return check_broken(chain, error);
}

typedef struct {
    const Chain *chain;
    GHashTable *below; /* files that others depend on */
    gboolean deep;
    int cancel_fd;
} Verify;

static gboolean check_image(const Verify *verify, const ChainDisk *disk, GError **error)
{
    g_autofree char *path = chain_path(verify->chain, disk->file);
    g_autofree char *image = tool_image_alone(path);
    Deadline deadline = deadline_in(TOOL_CHECK_MS, verify->cancel_fd);

    if (tool_run((const char *const[]){ "qemu-img", "check", "-q", image, NULL }, &deadline, NULL,
                 error))
        return TRUE;
    g_prefix_error(error, "the file %s: ", disk->file);
    return FALSE;
}

/*
 * Reads all data of the file, and of those it depends on if nothing depends on it: what a file
 * on top hides is read with the file itself. Compressed data are wrong only once they are read.
 */
static gboolean read_image(const Verify *verify, const ChainDisk *disk, GError **error)
{
    g_autofree char *path = chain_path(verify->chain, disk->file);
    g_autofree char *alone = g_hash_table_contains(verify->below, disk->file)
                                 ? tool_image_alone(path)
                                 : NULL;
    g_autofree char *nowhere = g_strdup_printf("driver=null-co,size=%" G_GINT64_FORMAT,
                                               disk->virtual_size);
    Deadline deadline = deadline_in(TOOL_COPY_MS, verify->cancel_fd);

    if (tool_run((const char *const[]){ "qemu-img", "convert", "-W", "-m", "16", "-n",
                                        "--target-image-opts", alone ? alone : path, nowhere, NULL },
                 &deadline, NULL, error))
        return TRUE;
    g_prefix_error(error, "the file %s cannot be read%s: ", disk->file,
                   alone ? "" : ", or one that it depends on");
    return FALSE;
}

/* The point's own files; those it depends on are checked with their own points. */
static gboolean check_point(const Verify *verify, const ChainPoint *point, GError **error)
{
    for (guint i = 0; i < point->disks->len; i++) {
        const ChainDisk *disk = point->disks->pdata[i];

        if (!chain_check_file(verify->chain, disk, verify->cancel_fd, error) ||
            !check_image(verify, disk, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean read_point(const Verify *verify, const ChainPoint *point, GError **error)
{
    for (guint i = 0; verify->deep && i < point->disks->len; i++)
        if (!read_image(verify, point->disks->pdata[i], error))
            return FALSE;
    return TRUE;
}

/* The files below others, by their names. */
static GHashTable *files_below(const Chain *chain)
{
    GHashTable *below = g_hash_table_new(g_str_hash, g_str_equal);

    for (guint i = 0; i < chain->points->len; i++) {
        const ChainPoint *point = chain->points->pdata[i];

        for (guint k = 0; k < point->disks->len; k++) {
            const ChainDisk *disk = point->disks->pdata[k];
            const ChainPoint *parent = disk->parent ? chain_find(chain, disk->parent) : NULL;
            const ChainDisk *file = parent ? chain_point_disk(parent, disk->name) : NULL;

            if (file)
                g_hash_table_add(below, file->file);
        }
    }
    return below;
}

/* An intact file on top of a damaged one is of no use. */
static gboolean check_parents(const ChainPoint *point, GHashTable *damaged, GError **error)
{
    for (guint i = 0; i < point->disks->len; i++) {
        const char *parent = ((const ChainDisk *)point->disks->pdata[i])->parent;

        if (parent && g_hash_table_contains(damaged, parent))
            return set_error(error, "depends on %s, which is damaged", parent);
    }
    return TRUE;
}

static void report_point(Reporter *reporter, JsonArray *list, const char *id, const char *problem)
{
    JsonObject *row = jsonu_with("backup", id);

    json_object_set_boolean_member(row, "ok", problem == NULL);
    json_object_set_string_member(row, "error", problem);
    json_array_add_object_element(list, row);
    reporter_print(reporter, "%s %s%s\n", id, problem ? "is damaged: " : "ok",
                   problem ? problem : "");
}

/* What depends on them is damaged, too. */
static void report_broken(Reporter *reporter, JsonArray *list, const Chain *chain,
                          GHashTable *damaged)
{
    for (guint i = 0; i < chain->broken->len; i++) {
        const ChainBroken *broken = chain->broken->pdata[i];

        g_hash_table_add(damaged, broken->id);
        report_point(reporter, list, broken->id, broken->problem);
    }
}

static void report_strays(Reporter *reporter, const Chain *chain)
{
    g_autoptr(GPtrArray) strays = chain_strays(chain);

    /* Whose they are may be in what cannot be read. */
    if (chain->broken->len > 0)
        return;
    for (guint i = 0; i < strays->len; i++)
        reporter_print(reporter, "%s belongs to no backup\n", (const char *)strays->pdata[i]);
}

gboolean store_verify(const char *dir, gboolean deep, Reporter *reporter, int cancel_fd,
                      GError **error)
{
    g_autoptr(Chain) chain = chain_open(dir, NULL, CHAIN_INSPECT, error);
    g_autoptr(GHashTable) below = chain ? files_below(chain) : NULL;
    Verify verify = { chain, below, deep, cancel_fd };
    g_autoptr(GHashTable) damaged = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(JsonArray) list = json_array_new();

    if (!chain)
        return FALSE;
    report_broken(reporter, list, chain, damaged);
    for (guint i = 0; i < chain->points->len; i++) {
        const ChainPoint *point = chain->points->pdata[i];
        g_autoptr(GError) problem = NULL;

        if (!check_point(&verify, point, &problem) ||
            !check_parents(point, damaged, &problem) || !read_point(&verify, point, &problem))
            g_hash_table_add(damaged, point->id);
        if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        report_point(reporter, list, point->id, problem ? problem->message : NULL);
    }
    report_list(reporter, g_steal_pointer(&list));
    report_strays(reporter, chain);
    return g_hash_table_size(damaged) == 0 ||
           set_error(error, "%u of %u backups in %s are damaged; make a full one",
                     g_hash_table_size(damaged), chain->points->len + chain->broken->len,
                     chain->dir);
}

static JsonObject *prune_row(const ChainPoint *point, const char *reason)
{
    JsonObject *row = jsonu_with("backup", point->id);

    json_object_set_boolean_member(row, "keep", reason != NULL);
    json_object_set_string_member(row, "reason", reason);
    json_object_set_int_member(row, "size", chain_point_size(point));
    return row;
}

/* What would be done with each point. */
static void prune_plan(const Chain *chain, const GPtrArray *reasons, Reporter *reporter)
{
    for (guint i = chain->points->len; i-- > 0;) {
        const ChainPoint *point = chain->points->pdata[i];
        const char *reason = reasons->pdata[i];
        g_autofree char *bytes = size_text(chain_point_size(point));

        if (reason)
            reporter_print(reporter, "would keep %s, %s: %s\n", point->id, bytes, reason);
        else
            reporter_print(reporter, "would remove %s, %s\n", point->id, bytes);
    }
}

/* A child goes before its parent, so that an interruption leaves no child alone. */
static gboolean prune_do(Chain *chain, const GPtrArray *reasons, Reporter *reporter, GError **error)
{
    for (guint i = chain->points->len; i-- > 0;) {
        ChainPoint *point = chain->points->pdata[i];
        g_autofree char *text = NULL;
        g_autofree char *bytes = size_text(chain_point_size(point));

        if (reasons->pdata[i])
            continue;
        text = g_strdup_printf("removed %s, %s\n", point->id, bytes);
        if (!chain_remove(chain, point, error))
            return FALSE;
        reporter_print(reporter, "%s", text);
    }
    return TRUE;
}

gboolean store_prune(const char *dir, const Retention *rules, gboolean dry, Reporter *reporter,
                     GError **error)
{
    g_autoptr(Chain) chain = chain_open(dir, NULL, dry ? CHAIN_LOOK : CHAIN_WORK, error);
    g_autoptr(GPtrArray) reasons = chain ? chain_keep(chain, rules, error) : NULL;
    JsonArray *list;
    guint surplus = 0;

    if (!reasons)
        return FALSE;
    list = json_array_new();
    for (guint i = 0; i < reasons->len; i++) {
        json_array_add_object_element(list, prune_row(chain->points->pdata[i], reasons->pdata[i]));
        surplus += reasons->pdata[i] == NULL;
    }
    report_list(reporter, list);
    if (!surplus)
        reporter_print(reporter, "nothing to remove\n");
    if (dry) {
        prune_plan(chain, reasons, reporter);
        return TRUE;
    }
    for (guint i = 0; i < reasons->len; i++)
        if (!reasons->pdata[i] && !readers_check(chain, chain->points->pdata[i], error))
            return FALSE;
    chain_sweep(chain);
    return prune_do(chain, reasons, reporter, error);
}
