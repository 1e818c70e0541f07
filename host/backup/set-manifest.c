/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/backup/set-manifest.h"
#include "host/base/json-util.h"
#include "host/guest/quiesce.h"
#include "lib/errors.h"

#define FORMAT "guestctl-backup-1"

static void disk_free(gpointer data)
{
    ChainDisk *disk = data;

    g_free(disk->name);
    g_free(disk->file);
    g_free(disk->sha256);
    g_free(disk);
}

ChainPoint *point_blank(void)
{
    ChainPoint *point = g_new0(ChainPoint, 1);

    point->disks = g_ptr_array_new_with_free_func(disk_free);
    return point;
}

void chain_point_free(ChainPoint *point)
{
    if (!point)
        return;
    g_free(point->id);
    g_free(point->parent);
    g_free(point->vm);
    g_clear_pointer(&point->consistency, json_node_unref);
    g_ptr_array_unref(point->disks);
    g_free(point);
}

static JsonNode *disk_json(const ChainDisk *disk)
{
    return json_make("{'name': %s, 'file': %s, 'virtual-size': %d, 'size': %d, 'sha256': %s}",
                     disk->name, disk->file, disk->virtual_size, disk->size, disk->sha256);
}

static gint64 read_time(const char *text)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);

    return time ? g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time)
                : 0;
}

JsonNode *chain_point_json(const ChainPoint *point, const char *set)
{
    g_autofree char *time = utc_text(point->time);
    JsonNode *node = json_make("{'format': '" FORMAT "', 'set': %s, 'id': %s, 'parent': %s, "
                               "'vm': %s, 'number': %d, 'level': %s, 'time': %s, "
                               "'compressed': %b, 'disks': []}",
                               set, point->id, point->parent, point->vm, point->number,
                               point->parent ? "incremental" : "full", time, point->compressed);
    JsonArray *disks = json_array(json_node_get_object(node), "disks");

    for (guint i = 0; i < point->disks->len; i++)
        json_array_add_element(disks, disk_json(point->disks->pdata[i]));
    if (point->consistency)
        json_object_set_member(json_node_get_object(node), "consistency",
                               json_node_copy(point->consistency));
    return node;
}

/* A name from a manifest must not lead out of the directory. */
static gboolean is_plain_name(const char *name)
{
    return name && *name && *name != '.' && !strchr(name, '/');
}

static gboolean read_disk(JsonObject *row, ChainPoint *point)
{
    const char *name = json_text(row, "name", NULL);
    const char *sum = json_text(row, "sha256", NULL);
    ChainDisk *disk;

    if (!name || !sum || !is_plain_name(json_text(row, "file", NULL)))
        return FALSE;
    disk = g_new0(ChainDisk, 1);
    disk->name = g_strdup(name);
    disk->file = g_strdup(json_text(row, "file", NULL));
    disk->sha256 = g_strdup(sum);
    disk->virtual_size = json_number(row, "virtual-size", 0);
    disk->size = json_number(row, "size", 0);
    g_ptr_array_add(point->disks, disk);
    return TRUE;
}

static gboolean read_members(JsonObject *object, ChainPoint *point)
{
    JsonArray *disks = json_array(object, "disks");

    if (!g_str_equal(json_text(object, "format", ""), FORMAT) ||
        !is_plain_name(json_text(object, "id", NULL)) || json_count(disks) == 0)
        return FALSE;
    point->id = g_strdup(json_text(object, "id", NULL));
    point->parent = g_strdup(json_text(object, "parent", NULL));
    point->vm = g_strdup(json_text(object, "vm", ""));
    point->number = json_number(object, "number", 0);
    point->time = read_time(json_text(object, "time", ""));
    point->compressed = json_flag(object, "compressed");
    if (json_object(object, "consistency"))
        point->consistency = json_object_dup_member(object, "consistency");
    for (guint i = 0; i < json_count(disks); i++)
        if (!read_disk(json_item(disks, i), point))
            return FALSE;
    return TRUE;
}

ChainPoint *point_read(const char *path, char **set, GError **error)
{
    g_autoptr(ChainPoint) point = point_blank();
    g_autoptr(GError) problem = NULL;
    g_autoptr(JsonNode) root = NULL;
    g_autofree char *text = NULL;

    if (g_file_get_contents(path, &text, NULL, &problem))
        root = json_from_string(text, &problem);
    if (root && JSON_NODE_HOLDS_OBJECT(root) && read_members(json_node_get_object(root), point)) {
        *set = g_strdup(json_text(json_node_get_object(root), "set", NULL));
        return g_steal_pointer(&point);
    }
    set_error(error, "%s is no manifest of a backup%s%s; move it away, and the backups that "
                     "need it are shown by \"backup verify\"",
              path, problem ? ": " : "", problem ? problem->message : "");
    return NULL;
}

gboolean point_write(const char *path, const ChainPoint *point, const char *set, GError **error)
{
    g_autoptr(JsonNode) node = chain_point_json(point, set);
    g_autofree char *text = json_to_string(node, TRUE);
    g_autofree char *line = g_strconcat(text, "\n", NULL);

    return g_file_set_contents_full(path, line, -1,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0644, error);
}

ChainDisk *chain_point_add(ChainPoint *point, const char *name)
{
    ChainDisk *disk = g_new0(ChainDisk, 1);
    g_autofree char *plain = g_strdup(name);

    g_strcanon(plain, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '_');
    disk->name = g_strdup(name);
    disk->file = g_strdup_printf("%s-%u-%s.qcow2", point->id, point->disks->len, plain);
    g_ptr_array_add(point->disks, disk);
    return disk;
}

ChainDisk *chain_point_disk(const ChainPoint *point, const char *name)
{
    for (guint i = 0; i < point->disks->len; i++) {
        ChainDisk *disk = point->disks->pdata[i];

        if (g_str_equal(disk->name, name))
            return disk;
    }
    return NULL;
}

gint64 chain_point_size(const ChainPoint *point)
{
    gint64 sum = 0;

    for (guint i = 0; i < point->disks->len; i++)
        sum += ((const ChainDisk *)point->disks->pdata[i])->size;
    return sum;
}

const char *chain_point_label(const ChainPoint *point)
{
    JsonObject *told = point->consistency && JSON_NODE_HOLDS_OBJECT(point->consistency)
                           ? json_node_get_object(point->consistency)
                           : NULL;

    return json_text(told, "label", "unknown");
}

char *chain_point_when(const ChainPoint *point)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(point->time / G_USEC_PER_SEC);

    return g_date_time_format(time, "%Y-%m-%d %H:%M:%S");
}
