/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/snapshot/snapshot.h"
#include "host/vm/bare/vm.h"
#include "lib/errors.h"

/* Snapshots by QEMU's monitor. */

/* Names of our nodes: "gs", when and which, and the disk's name, which outlives the node. */
#define NODE_PREFIX "gs"
#define NODE_PREFIX_LEN 13
#define MAX_NODE_NAME 31
#define PERIPHERAL "/machine/peripheral/"

static JsonObject *object_in(JsonObject *object, const char *name)
{
    JsonNode *node = object ? json_object_get_member(object, name) : NULL;

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static const char *text_in(JsonObject *object, const char *name)
{
    return object ? json_object_get_string_member_with_default(object, name, NULL) : NULL;
}

/* Of {"driver": …, "file": {"driver": "file", "filename": …}}; the caller's, or NULL. */
static char *path_in_json(const char *text)
{
    g_autoptr(JsonNode) root = json_from_string(text, NULL);
    JsonObject *object = root && JSON_NODE_HOLDS_OBJECT(root) ? json_node_get_object(root) : NULL;

    while (object_in(object, "file"))
        object = object_in(object, "file");
    return g_strdup(text_in(object, "filename"));
}

char *snapshot_bare_path(const char *file)
{
    g_autofree char *path = NULL;

    if (file && g_str_has_prefix(file, "json:"))
        path = path_in_json(file + strlen("json:"));
    else if (file)
        path = g_strdup(g_str_has_prefix(file, "file:") ? file + strlen("file:") : file);
    return path && *path == '/' ? g_steal_pointer(&path) : NULL;
}

static gboolean is_our_node(const char *node)
{
    return g_str_has_prefix(node, NODE_PREFIX) && strlen(node) > NODE_PREFIX_LEN &&
           node[NODE_PREFIX_LEN - 1] == '-' &&
           strspn(node + strlen(NODE_PREFIX), "0123456789abcdef") ==
               NODE_PREFIX_LEN - strlen(NODE_PREFIX) - 1;
}

/* The id of a device, out of what QEMU calls it: ID, or PERIPHERAL ID with what is below it. */
static char *device_id(const char *qdev)
{
    gboolean named = qdev && g_str_has_prefix(qdev, PERIPHERAL);
    const char *id = named ? qdev + strlen(PERIPHERAL) : qdev;

    return id && *id && *id != '/' ? g_strndup(id, strcspn(id, "/")) : NULL;
}

/* By its drive or device if these have names; a snapshot must not change it. The caller's. */
static char *name_of(JsonObject *row, const char *node)
{
    const char *drive = text_in(row, "device");
    char *id;

    if (drive && *drive)
        return g_strdup(drive);
    id = device_id(text_in(row, "qdev"));
    return id ? id : g_strdup(is_our_node(node) ? node + NODE_PREFIX_LEN : node);
}

/* The disk of a row of query-block, or NULL if the guest cannot write to it. */
static SnapshotDisk *read_row(JsonObject *row)
{
    JsonObject *inserted = object_in(row, "inserted"), *image = object_in(inserted, "image");
    JsonObject *below = object_in(image, "backing-image");
    const char *node = text_in(inserted, "node-name");
    g_autofree char *name = node ? name_of(row, node) : NULL;
    SnapshotDisk *disk;

    /* Firmware's variables are no disk. */
    if (!name || json_object_get_boolean_member_with_default(inserted, "ro", FALSE) ||
        g_str_has_prefix(name, "pflash"))
        return NULL;
    disk = g_new0(SnapshotDisk, 1);
    disk->name = g_steal_pointer(&name);
    disk->node = g_strdup(node);
    disk->image = snapshot_bare_path(text_in(inserted, "file"));
    disk->format = g_strdup(text_in(inserted, "drv"));
    disk->backing = snapshot_bare_path(text_in(below, "filename"));
    disk->backing_format = g_strdup(text_in(below, "format"));
    return disk;
}

static gboolean not_understood(GError **error)
{
    return set_error(error, "the monitor's list of disks is none");
}

static GPtrArray *bare_disks(Vm *vm, const Deadline *deadline, GError **error)
{
    Qmp *qmp = vm_bare_qmp(vm, deadline, error);
    g_autoptr(JsonNode) rows = qmp ? qmp_call(qmp, "query-block", NULL, deadline, error) : NULL;
    g_autoptr(GPtrArray) disks = g_ptr_array_new_with_free_func(snapshot_disk_free);
    JsonArray *list = rows && JSON_NODE_HOLDS_ARRAY(rows) ? json_node_get_array(rows) : NULL;

    if (!list) {
        if (rows)
            not_understood(error);
        return NULL;
    }
    for (guint i = 0; i < json_array_get_length(list); i++) {
        JsonNode *row = json_array_get_element(list, i);
        SnapshotDisk *disk = JSON_NODE_HOLDS_OBJECT(row) ? read_row(json_node_get_object(row))
                                                         : NULL;

        if (disk)
            g_ptr_array_add(disks, disk);
    }
    return g_steal_pointer(&disks);
}

static JsonObject *action_for(const SnapshotDisk *disk, guint number)
{
    g_autofree char *node = g_strdup_printf(NODE_PREFIX "%08x%02x-%s",
                                            (guint)(g_get_real_time() / G_USEC_PER_SEC),
                                            number & 0xff, disk->name);
    JsonObject *action = json_object_new(), *data = json_object_new();

    if (strlen(node) > MAX_NODE_NAME)
        node[MAX_NODE_NAME] = '\0';
    g_strcanon(node, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-", '_');
    json_object_set_string_member(data, "node-name", disk->node);
    json_object_set_string_member(data, "snapshot-file", disk->overlay);
    json_object_set_string_member(data, "snapshot-node-name", node);
    json_object_set_string_member(data, "format", "qcow2");
    json_object_set_string_member(data, "mode", "absolute-paths");
    json_object_set_string_member(action, "type", "blockdev-snapshot-sync");
    json_object_set_object_member(action, "data", data);
    return action;
}

static gboolean bare_take(Vm *vm, const GPtrArray *disks, const Deadline *deadline, GError **error)
{
    g_autoptr(JsonObject) arguments = json_object_new();
    JsonArray *actions = json_array_new();
    Qmp *qmp = vm_bare_qmp(vm, deadline, error);

    for (guint i = 0; i < disks->len; i++)
        json_array_add_object_element(actions, action_for(disks->pdata[i], i));
    json_object_set_array_member(arguments, "actions", actions);
    return qmp && qmp_do(qmp, "transaction", g_steal_pointer(&arguments), deadline, error);
}

static gboolean bare_await(Vm *vm, const Deadline *deadline, GError **error)
{
    Qmp *qmp = vm_bare_qmp(vm, deadline, error);

    return qmp && qmp_await(qmp, "transaction", deadline, error);
}

const SnapshotOps snapshot_bare = {
    .disks = bare_disks,
    .take = bare_take,
    .await = bare_await,
    .commit = snapshot_bare_commit,
};
