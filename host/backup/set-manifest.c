/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/backup/set-manifest.h"
#include "host/base/json-util.h"
#include "host/base/plain-name.h"
#include "host/guest/quiesce.h"
#include "host/vm/disk.h"
#include "lib/errors.h"

#define FORMAT "guestctl-backup-2"
/* Has neither levels nor bitmaps nor images of disks, so no disk in it can be recognised. */
#define FORMAT_1 "guestctl-backup-1"

static void backed_disk_free(gpointer data)
{
    ChainDisk *disk = data;

    g_free(disk->name);
    g_free(disk->file);
    g_free(disk->parent);
    g_free(disk->reason);
    g_free(disk->bitmap);
    g_free(disk->tag);
    g_free(disk->image);
    g_free(disk->serial);
    g_free(disk->format);
    g_free(disk->digests);
    g_free(disk);
}

ChainPoint *point_blank(void)
{
    ChainPoint *point = g_new0(ChainPoint, 1);

    point->disks = g_ptr_array_new_with_free_func(backed_disk_free);
    return point;
}

void chain_point_free(ChainPoint *point)
{
    if (!point)
        return;
    g_free(point->id);
    g_free(point->parent);
    g_free(point->vm);
    g_free(point->vm_uuid);
    g_clear_pointer(&point->consistency, json_node_unref);
    g_strfreev(point->left_out);
    g_ptr_array_unref(point->disks);
    g_free(point);
}

static JsonObject *id_json(const ImageId *id)
{
    JsonObject *object = json_object_new();

    json_object_set_int_member(object, "device", (gint64)id->device);
    json_object_set_int_member(object, "inode", (gint64)id->inode);
    json_object_set_int_member(object, "born", id->born);
    return object;
}

static ImageId read_id(JsonObject *object)
{
    return (ImageId){ .device = (guint64)jsonu_int(object, "device", 0),
                      .inode = (guint64)jsonu_int(object, "inode", 0),
                      .born = jsonu_int(object, "born", 0) };
}

static JsonObject *disk_json(const ChainDisk *disk)
{
    JsonObject *row = jsonu_with("name", disk->name);

    json_object_set_string_member(row, "file", disk->file);
    json_object_set_string_member(row, "level", disk->parent ? "incremental" : "full");
    json_object_set_string_member(row, "parent", disk->parent);
    json_object_set_string_member(row, "reason", disk->reason);
    json_object_set_string_member(row, "bitmap", disk->bitmap);
    json_object_set_string_member(row, "tag", disk->tag);
    json_object_set_string_member(row, "image", disk->image);
    json_object_set_object_member(row, "image-id", id_json(&disk->id));
    json_object_set_string_member(row, "serial", disk->serial);
    json_object_set_string_member(row, "format", disk->format);
    json_object_set_int_member(row, "virtual-size", disk->virtual_size);
    json_object_set_int_member(row, "size", disk->size);
    json_object_set_int_member(row, "range", disk->range);
    json_object_set_string_member(row, "sha256", disk->digests);
    return row;
}

static gint64 read_time(const char *text)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(text, NULL);

    return time ? g_date_time_to_unix(time) * G_USEC_PER_SEC + g_date_time_get_microsecond(time)
                : 0;
}

static JsonArray *names_json(char **names)
{
    JsonArray *array = json_array_new();

    for (; names && *names; names++)
        json_array_add_string_element(array, *names);
    return array;
}

static char **read_names(JsonArray *array)
{
    g_autoptr(GStrvBuilder) names = g_strv_builder_new();

    for (guint i = 0; array && i < json_array_get_length(array); i++)
        if (JSON_NODE_HOLDS_VALUE(json_array_get_element(array, i)))
            g_strv_builder_add(names, json_array_get_string_element(array, i));
    return g_strv_builder_end(names);
}

JsonObject *chain_point_json(const ChainPoint *point, const char *set)
{
    g_autofree char *time = utc_text(point->time);
    JsonObject *object = jsonu_with("format", FORMAT);
    JsonArray *disks = json_array_new();

    json_object_set_string_member(object, "set", set);
    json_object_set_string_member(object, "id", point->id);
    json_object_set_string_member(object, "parent", point->parent);
    json_object_set_string_member(object, "vm", point->vm);
    json_object_set_string_member(object, "vm-uuid", point->vm_uuid);
    json_object_set_int_member(object, "number", point->number);
    json_object_set_string_member(object, "level", chain_point_level(point));
    json_object_set_string_member(object, "time", time);
    json_object_set_boolean_member(object, "compressed", point->compressed);
    json_object_set_array_member(object, "disks", disks);
    for (guint i = 0; i < point->disks->len; i++)
        json_array_add_object_element(disks, disk_json(point->disks->pdata[i]));
    json_object_set_array_member(object, "left-out", names_json(point->left_out));
    if (point->consistency)
        json_object_set_member(object, "consistency", json_node_copy(point->consistency));
    return object;
}

/* A name from a manifest must not lead out of the directory. */
static gboolean is_plain_name(const char *name)
{
    return name && *name && *name != '.' && !strchr(name, '/');
}

/* In the first format, the disks had the parent of the point, and no bitmap of their own. */
static void read_level(JsonObject *row, const ChainPoint *point, ChainDisk *disk, gboolean first)
{
    disk->parent = g_strdup(first ? point->parent : jsonu_string(row, "parent", NULL));
    disk->reason = g_strdup(jsonu_string(row, "reason", NULL));
    disk->bitmap = g_strdup(jsonu_string(row, "bitmap", NULL));
    disk->tag = g_strdup(jsonu_string(row, "tag", NULL));
    disk->image = g_strdup(jsonu_string(row, "image", NULL));
    disk->serial = g_strdup(jsonu_string(row, "serial", NULL));
    disk->format = g_strdup(jsonu_string(row, "format", NULL));
    disk->id = read_id(jsonu_object(row, "image-id"));
}

static gboolean read_disk(JsonObject *row, ChainPoint *point, gboolean first)
{
    const char *name = jsonu_string(row, "name", NULL);
    const char *sum = jsonu_string(row, "sha256", NULL);
    ChainDisk *disk;

    if (!name || !sum || !is_plain_name(jsonu_string(row, "file", NULL)))
        return FALSE;
    disk = g_new0(ChainDisk, 1);
    disk->name = g_strdup(name);
    disk->file = g_strdup(jsonu_string(row, "file", NULL));
    disk->range = first ? 0 : jsonu_int(row, "range", 0);
    disk->digests = g_strdup(sum);
    read_level(row, point, disk, first);
    disk->virtual_size = jsonu_int(row, "virtual-size", 0);
    disk->size = jsonu_int(row, "size", 0);
    g_ptr_array_add(point->disks, disk);
    return TRUE;
}

static gboolean read_members(JsonObject *object, ChainPoint *point)
{
    JsonArray *disks = jsonu_array(object, "disks");
    const char *format = jsonu_string(object, "format", "");
    gboolean first = g_str_equal(format, FORMAT_1);

    if ((!first && !g_str_equal(format, FORMAT)) ||
        !is_plain_name(jsonu_string(object, "id", NULL)) || jsonu_count(disks) == 0)
        return FALSE;
    point->id = g_strdup(jsonu_string(object, "id", NULL));
    point->parent = g_strdup(jsonu_string(object, "parent", NULL));
    point->vm = g_strdup(jsonu_string(object, "vm", ""));
    point->vm_uuid = g_strdup(jsonu_string(object, "vm-uuid", NULL));
    point->left_out = read_names(jsonu_array(object, "left-out"));
    point->number = jsonu_int(object, "number", 0);
    point->time = read_time(jsonu_string(object, "time", ""));
    point->compressed = jsonu_bool(object, "compressed");
    if (jsonu_object(object, "consistency"))
        point->consistency = json_object_dup_member(object, "consistency");
    for (guint i = 0; i < jsonu_count(disks); i++)
        if (!read_disk(jsonu_item(disks, i), point, first))
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
        *set = g_strdup(jsonu_string(json_node_get_object(root), "set", NULL));
        return g_steal_pointer(&point);
    }
    set_error(error, "%s is not a valid manifest of a backup%s%s; move it away, then "
                     "\"backup verify\" lists the backups that depend on it",
              path, problem ? ": " : "", problem ? problem->message : "");
    return NULL;
}

gboolean point_write(const char *path, const ChainPoint *point, const char *set, GError **error)
{
    g_autoptr(JsonObject) object = chain_point_json(point, set);
    g_autofree char *text = jsonu_format(object, TRUE);
    g_autofree char *line = g_strconcat(text, "\n", NULL);

    return g_file_set_contents_full(path, line, -1,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0600, error);
}

ChainDisk *chain_point_add(ChainPoint *point, const char *name)
{
    ChainDisk *disk = g_new0(ChainDisk, 1);
    g_autofree char *plain = plain_name(name);

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

const char *chain_point_level(const ChainPoint *point)
{
    guint full = 0;

    for (guint i = 0; i < point->disks->len; i++)
        full += !((const ChainDisk *)point->disks->pdata[i])->parent;
    return full == point->disks->len ? "full" : full ? "mixed" : "incremental";
}

const char *chain_point_label(const ChainPoint *point)
{
    JsonObject *told = point->consistency && JSON_NODE_HOLDS_OBJECT(point->consistency)
                           ? json_node_get_object(point->consistency)
                           : NULL;

    return jsonu_string(told, "label", "unknown");
}

char *chain_point_when(const ChainPoint *point)
{
    g_autoptr(GDateTime) time = g_date_time_new_from_unix_local(point->time / G_USEC_PER_SEC);

    return g_date_time_format(time, "%Y-%m-%d %H:%M:%S");
}
