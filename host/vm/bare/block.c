/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/bare/block.h"

#include <string.h>

#include "host/base/json-util.h"
#include "host/snapshot/snapshot.h"
#include "lib/errors.h"

/* How often jobs that end are looked at; they tell when they change, too. */
#define LOOK_MS 200

static void bitmap_free(gpointer data)
{
    BlockBitmap *bitmap = data;

    g_free(bitmap->name);
    g_free(bitmap);
}

BlockDisk *block_disk_new(void)
{
    BlockDisk *disk = g_new0(BlockDisk, 1);

    disk->bitmaps = g_ptr_array_new_with_free_func(bitmap_free);
    return disk;
}

void block_disk_free(gpointer data)
{
    BlockDisk *disk = data;

    g_free(disk->name);
    g_free(disk->node);
    g_free(disk->image);
    g_ptr_array_unref(disk->bitmaps);
    g_free(disk);
}

/* "/machine/peripheral/vd0/virtio-backend" is called vd0. */
static char *name_of_path(const char *path)
{
    static const char *const parents[] = { "/machine/peripheral/", "/machine/peripheral-anon/" };

    for (gsize i = 0; i < G_N_ELEMENTS(parents); i++) {
        const char *name = path + strlen(parents[i]);

        if (g_str_has_prefix(path, parents[i]))
            return g_strndup(name, strcspn(name, "/"));
    }
    return g_strdup(path);
}

static char *name_of(JsonObject *row, const char *node)
{
    const char *device = jsonu_string(row, "device", "");
    const char *path = jsonu_string(row, "qdev", "");

    if (*device)
        return g_strdup(device);
    return *path ? name_of_path(path) : g_strdup(node);
}

/* With the images below it, as a full backup copies what is in them. */
static gint64 allocated_in(JsonObject *image)
{
    gint64 sum = 0;

    for (; image; image = jsonu_object(image, "backing-image"))
        sum += jsonu_int(image, "actual-size", 0);
    return sum;
}

void block_disk_mark(BlockDisk *disk, const char *name, gint64 bytes, gboolean sane)
{
    BlockBitmap *bitmap = g_new0(BlockBitmap, 1);

    bitmap->name = g_strdup(name);
    bitmap->bytes = bytes;
    bitmap->sane = sane;
    g_ptr_array_add(disk->bitmaps, bitmap);
}

static void read_bitmaps(BlockDisk *disk, JsonArray *rows)
{
    for (guint i = 0; i < jsonu_count(rows); i++) {
        JsonObject *row = jsonu_item(rows, i);
        const char *name = jsonu_string(row, "name", NULL);

        if (name)
            block_disk_mark(disk, name, jsonu_int(row, "count", 0),
                            jsonu_bool(row, "recording") && !jsonu_bool(row, "inconsistent") &&
                                !jsonu_bool(row, "busy"));
    }
}

static BlockDisk *read_disk(JsonObject *row, JsonObject *inserted, const char *node)
{
    JsonObject *image = jsonu_object(inserted, "image");
    BlockDisk *disk = block_disk_new();

    disk->name = name_of(row, node);
    disk->node = g_strdup(node);
    disk->image = snapshot_bare_path(jsonu_string(inserted, "file", NULL));
    disk->size = jsonu_int(image, "virtual-size", 0);
    disk->allocated = MIN(disk->size, allocated_in(image));
    disk->remembers = g_str_equal(jsonu_string(inserted, "drv", ""), "qcow2");
    read_bitmaps(disk, jsonu_array(inserted, "dirty-bitmaps"));
    return disk;
}

GPtrArray *blocks_list(Qmp *qmp, const Deadline *deadline, GError **error)
{
    g_autoptr(GPtrArray) disks = g_ptr_array_new_with_free_func(block_disk_free);
    g_autoptr(JsonNode) result = qmp_call(qmp, "query-block", NULL, deadline, error);
    JsonArray *rows;

    if (!result)
        return NULL;
    rows = jsonu_node_array(result);
    for (guint i = 0; i < jsonu_count(rows); i++) {
        JsonObject *row = jsonu_item(rows, i);
        JsonObject *inserted = jsonu_object(row, "inserted");
        const char *node = jsonu_string(inserted, "node-name", NULL);

        if (node && !jsonu_bool(inserted, "ro"))
            g_ptr_array_add(disks, read_disk(row, inserted, node));
    }
    return g_steal_pointer(&disks);
}

const BlockBitmap *blocks_bitmap(const BlockDisk *disk, const char *name)
{
    for (guint i = 0; i < disk->bitmaps->len; i++) {
        const BlockBitmap *bitmap = disk->bitmaps->pdata[i];

        if (g_str_equal(bitmap->name, name))
            return bitmap;
    }
    return NULL;
}

gboolean blocks_is_stopped(Qmp *qmp)
{
    Deadline deadline = deadline_in(LOOK_MS * 10, -1);
    g_autoptr(JsonNode) status = qmp_call(qmp, "query-status", NULL, &deadline, NULL);

    return status && JSON_NODE_HOLDS_OBJECT(status) &&
           g_str_equal(jsonu_string(json_node_get_object(status), "status", ""), "io-error");
}

void block_job_find(JsonNode *result, const char *id, BlockJob *job)
{
    JsonArray *rows = jsonu_node_array(result);

    *job = (BlockJob){ .found = FALSE };
    for (guint i = 0; i < jsonu_count(rows); i++) {
        JsonObject *row = jsonu_item(rows, i);

        if (!g_str_equal(jsonu_string(row, "id", ""), id))
            continue;
        job->found = TRUE;
        job->concluded = g_str_equal(jsonu_string(row, "status", ""), "concluded");
        job->done = jsonu_int(row, "current-progress", 0);
        job->total = jsonu_int(row, "total-progress", 0);
        job->error = g_strdup(jsonu_string(row, "error", NULL));
    }
}

void block_job_clear(BlockJob *job)
{
    g_clear_pointer(&job->error, g_free);
}

static gboolean is_change(JsonObject *event, gpointer data)
{
    (void)data;
    return g_str_equal(jsonu_string(event, "event", ""), "JOB_STATUS_CHANGE");
}

gboolean blocks_await_change(Qmp *qmp, gint64 ms, int cancel_fd, GError **error)
{
    Deadline deadline = deadline_in(ms, cancel_fd);
    g_autoptr(GError) problem = NULL;
    g_autoptr(JsonObject) event = qmp_event(qmp, is_change, NULL, &deadline, &problem);

    if (event || g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

/* Goes once over all jobs with @prefix; @left says how many remain. */
static gboolean end_jobs(Qmp *qmp, const char *prefix, GHashTable *told, guint *left,
                         const Deadline *deadline, GError **error)
{
    g_autoptr(JsonNode) result = qmp_call(qmp, "query-jobs", NULL, deadline, error);
    JsonArray *rows = jsonu_node_array(result);

    *left = 0;
    for (guint i = 0; i < jsonu_count(rows); i++) {
        const char *id = jsonu_string(jsonu_item(rows, i), "id", "");
        const char *status = jsonu_string(jsonu_item(rows, i), "status", "");

        if (!g_str_has_prefix(id, prefix))
            continue;
        if (g_str_equal(status, "concluded")) {
            if (!qmp_do(qmp, "job-dismiss", jsonu_with("id", id), deadline, error))
                return FALSE;
            continue;
        }
        ++*left;
        /* One that is just ending refuses to be cancelled, and ends. */
        if (g_hash_table_add(told, g_strdup(id)))
            qmp_do(qmp, "job-cancel", jsonu_with("id", id), deadline, NULL);
    }
    return result != NULL;
}

static gboolean close_nodes(Qmp *qmp, const char *prefix, const Deadline *deadline, GError **error)
{
    JsonObject *arguments = json_object_new();
    g_autoptr(JsonNode) result = NULL;
    JsonArray *rows;

    json_object_set_boolean_member(arguments, "flat", TRUE);
    result = qmp_call(qmp, "query-named-block-nodes", arguments, deadline, error);
    rows = jsonu_node_array(result);
    for (guint i = 0; i < jsonu_count(rows); i++) {
        const char *node = jsonu_string(jsonu_item(rows, i), "node-name", "");

        if (g_str_has_prefix(node, prefix) &&
            !qmp_do(qmp, "blockdev-del", jsonu_with("node-name", node), deadline, error))
            return FALSE;
    }
    return result != NULL;
}

gboolean blocks_release(Qmp *qmp, const char *prefix, const Deadline *deadline, GError **error)
{
    g_autoptr(GHashTable) told = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    guint left;

    do {
        if (!end_jobs(qmp, prefix, told, &left, deadline, error))
            return FALSE;
        if (left > 0 && deadline_left_ms(deadline) == 0)
            return set_error(error, "%u jobs of QEMU do not end", left);
        if (left > 0 && !blocks_await_change(qmp, LOOK_MS, deadline->cancel_fd, error))
            return FALSE;
    } while (left > 0);
    return close_nodes(qmp, prefix, deadline, error);
}

static JsonObject *bitmap_arguments(const char *node, const char *name)
{
    JsonObject *arguments = jsonu_with("node", node);

    json_object_set_string_member(arguments, "name", name);
    return arguments;
}

gboolean blocks_forget(Qmp *qmp, const char *prefix, const char *keep, const Deadline *deadline,
                       GError **error)
{
    g_autoptr(GPtrArray) disks = blocks_list(qmp, deadline, error);

    for (guint i = 0; disks && i < disks->len; i++) {
        const BlockDisk *disk = disks->pdata[i];

        for (guint k = 0; k < disk->bitmaps->len; k++) {
            const char *name = ((const BlockBitmap *)disk->bitmaps->pdata[k])->name;

            if (!g_str_has_prefix(name, prefix) || (keep && g_str_equal(name, keep)))
                continue;
            if (!qmp_do(qmp, "block-dirty-bitmap-remove", bitmap_arguments(disk->node, name),
                        deadline, error))
                return FALSE;
        }
    }
    return disks != NULL;
}
