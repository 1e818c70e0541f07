/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/stat.h>

#include "host/base/json-util.h"
#include "host/vm/bare/vm.h"
#include "lib/errors.h"

/* The one reader of query-block and query-named-block-nodes. */

/* The innermost "filename" of {"driver": …, "file": {"driver": "file", "filename": …}}; or NULL. */
static char *path_in_json(const char *text)
{
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    JsonObject *object = jsonu_node_object(root);

    while (jsonu_object(object, "file"))
        object = jsonu_object(object, "file");
    return g_strdup(jsonu_string(object, "filename", NULL));
}

/* QEMU's name of an image as an absolute path, the caller's; NULL: it is not one. */
static char *path_of(const char *file)
{
    g_autofree char *path = NULL;

    if (file && g_str_has_prefix(file, "json:"))
        path = path_in_json(file + strlen("json:"));
    else if (file)
        path = g_strdup(g_str_has_prefix(file, "file:") ? file + strlen("file:") : file);
    return path && *path == '/' ? g_steal_pointer(&path) : NULL;
}

/* QEMU reports 0 bytes in a block device, and nothing for an image that a server has. */
static gboolean knows_size(JsonObject *image)
{
    g_autofree char *path = path_of(jsonu_string(image, "filename", NULL));
    struct stat info;

    return json_object_has_member(image, "actual-size") &&
           !(path && stat(path, &info) == 0 && S_ISBLK(info.st_mode));
}

/* Of @image and the images below it: a full backup copies them all. */
static void read_contents(Disk *disk, JsonObject *image)
{
    gint64 sum = 0;

    for (; image; image = jsonu_object(image, "backing-image")) {
        disk->at_most = disk->at_most || !knows_size(image);
        disk->encrypted = disk->encrypted || jsonu_bool(image, "encrypted");
        sum += jsonu_int(image, "actual-size", 0);
    }
    disk->allocated = disk->at_most ? disk->size : MIN(disk->size, sum);
}

static void read_bitmaps(Disk *disk, JsonArray *rows)
{
    for (guint i = 0; i < jsonu_count(rows); i++) {
        JsonObject *row = jsonu_item(rows, i);
        const char *name = jsonu_string(row, "name", NULL);

        if (name)
            disk_add_bitmap(disk, name, jsonu_int(row, "count", 0),
                            jsonu_bool(row, "recording") && !jsonu_bool(row, "inconsistent") &&
                                !jsonu_bool(row, "busy"));
    }
}

/* Variables of the firmware: -drive if=pflash, or the machine's property pflash1. */
static gboolean is_firmware(const Disk *disk, const char *qdev)
{
    return g_str_has_prefix(disk->name, "pflash") ||
           g_str_has_prefix(qdev, "/machine/system.flash");
}

/* 0: another format. */
static guint qcow2_version(JsonObject *image)
{
    JsonObject *data = jsonu_object(jsonu_object(image, "format-specific"), "data");
    const char *compat = jsonu_string(data, "compat", "");

    return g_str_equal(compat, "0.10") ? 2 : *compat ? 3 : 0;
}

static Disk *read_disk(JsonObject *row, JsonObject *inserted, const char *node)
{
    JsonObject *image = jsonu_object(inserted, "image");
    JsonObject *below = jsonu_object(image, "backing-image");
    Disk *disk = disk_new();

    disk->name = disk_name(jsonu_string(row, "device", NULL), jsonu_string(row, "qdev", NULL),
                           node);
    disk->node = g_strdup(node);
    disk->path = path_of(jsonu_string(inserted, "file", NULL));
    disk->image = g_strdup(disk->path ? disk->path : jsonu_string(inserted, "file", NULL));
    disk->format = g_strdup(jsonu_string(inserted, "drv", NULL));
    disk->size = jsonu_int(image, "virtual-size", 0);
    disk->encrypted = jsonu_bool(inserted, "encrypted");
    read_contents(disk, image);
    disk->read_only = jsonu_bool(inserted, "ro");
    disk->firmware = is_firmware(disk, jsonu_string(row, "qdev", ""));
    disk->qcow2_version = qcow2_version(image);
    disk->depth = (guint)jsonu_int(inserted, "backing_file_depth", 0);
    disk->backing = path_of(jsonu_string(below, "filename", NULL));
    disk->backing_format = g_strdup(jsonu_string(below, "format", NULL));
    read_bitmaps(disk, jsonu_array(inserted, "dirty-bitmaps"));
    disk->snapshots = jsonu_count(jsonu_array(image, "snapshots"));
    return disk;
}

Disk *bare_read_node(JsonObject *row)
{
    return read_disk(row, row, jsonu_string(row, "node-name", ""));
}

/* A property of a device; NULL without @error: it has none. */
static JsonNode *property(Qmp *qmp, const char *qdev, const char *name, const Deadline *deadline,
                          GError **error)
{
    JsonObject *arguments = jsonu_with("path", qdev);
    g_autoptr(GError) problem = NULL;
    JsonNode *value;

    json_object_set_string_member(arguments, "property", name);
    value = qmp_call(qmp, "qom-get", arguments, deadline, &problem);
    if (!value && !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED))
        g_propagate_error(error, g_steal_pointer(&problem));
    return value;
}

/* What only the device knows. */
static gboolean read_device(Qmp *qmp, const char *qdev, Disk *disk, const Deadline *deadline,
                            GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(JsonNode) serial = NULL, shared = NULL;

    if (!qdev || !*qdev || disk->read_only)
        return TRUE;
    serial = property(qmp, qdev, "serial", deadline, &problem);
    if (!problem)
        shared = property(qmp, qdev, "share-rw", deadline, &problem);
    if (problem) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    if (serial && JSON_NODE_HOLDS_VALUE(serial) && *json_node_get_string(serial))
        disk->serial = json_node_dup_string(serial);
    disk->shared = shared && JSON_NODE_HOLDS_VALUE(shared) && json_node_get_boolean(shared);
    return TRUE;
}

/* One answer has all @details, but for what the devices are asked. */
GPtrArray *bare_disks(Vm *vm, guint details, const Deadline *deadline, GError **error)
{
    Qmp *qmp = bare_qmp(vm, deadline, error);
    g_autoptr(JsonNode) result = qmp ? qmp_call(qmp, "query-block", NULL, deadline, error) : NULL;
    g_autoptr(GPtrArray) disks = disks_new();
    JsonArray *rows;

    (void)details;
    if (!result)
        return NULL;
    if (!JSON_NODE_HOLDS_ARRAY(result)) {
        set_error(error, "query-block: the reply is not a list");
        return NULL;
    }
    rows = json_node_get_array(result);
    for (guint i = 0; i < jsonu_count(rows); i++) {
        JsonObject *row = jsonu_item(rows, i), *inserted = jsonu_object(row, "inserted");
        const char *node = jsonu_string(inserted, "node-name", NULL);

        if (!node)
            continue;
        g_ptr_array_add(disks, read_disk(row, inserted, node));
        if (!read_device(qmp, jsonu_string(row, "qdev", NULL), disks->pdata[disks->len - 1],
                         deadline, error))
            return NULL;
    }
    return g_steal_pointer(&disks);
}

JsonNode *bare_nodes(Qmp *qmp, const Deadline *deadline, GError **error)
{
    JsonObject *arguments = json_object_new();

    json_object_set_boolean_member(arguments, "flat", TRUE);
    return qmp_call(qmp, "query-named-block-nodes", arguments, deadline, error);
}

char *bare_node_of(Qmp *qmp, const char *path, const char *format, const Deadline *deadline,
                   GError **error)
{
    g_autoptr(JsonNode) result = bare_nodes(qmp, deadline, error);
    JsonArray *rows = jsonu_node_array(result);

    for (guint i = 0; i < jsonu_count(rows); i++) {
        JsonObject *row = jsonu_item(rows, i);
        const char *node = jsonu_string(row, "node-name", NULL);
        g_autofree char *file = path_of(jsonu_string(row, "file", NULL));

        if (node && g_strcmp0(file, path) == 0 &&
            g_strcmp0(jsonu_string(row, "drv", NULL), format) == 0)
            return g_strdup(node);
    }
    if (result)
        set_error(error, "QEMU has no node for %s", path);
    return NULL;
}
