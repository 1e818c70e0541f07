/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <unistd.h>

#include "host/base/json-util.h"
#include "host/base/rename-new.h"
#include "host/snapshot/snapshot.h"
#include "lib/errors.h"

#define FORMAT "guestctl-snapshot-1"
#define SUFFIX ".snapshot.json"
#define MANIFEST_MODE 0600

char *manifest_name(const Vm *vm, const char *stamp)
{
    g_autofree char *rest = g_strconcat(stamp, SUFFIX, NULL);

    return snapshot_file_name(vm, rest);
}

static void add_time(JsonObject *object, const char *name, gint64 at)
{
    g_autofree char *text = utc_text(at);

    json_object_set_string_member(object, name, text);
}

static JsonArray *disks_json(const GPtrArray *overlays)
{
    JsonArray *list = json_array_new();

    for (guint i = 0; i < overlays->len; i++) {
        const Overlay *overlay = overlays->pdata[i];
        JsonObject *row = jsonu_with("name", overlay->disk->name);

        json_object_set_string_member(row, "overlay", overlay->path);
        json_object_set_string_member(row, "backing", overlay->disk->path);
        json_object_set_string_member(row, "backing-format", overlay->disk->format);
        json_array_add_object_element(list, row);
    }
    return list;
}

static JsonObject *group_json(const SnapshotGroup *group)
{
    JsonObject *object = json_object_new();
    JsonArray *names = json_array_new();

    json_object_set_string_member(object, "id", group->id);
    for (char **name = group->vms; *name; name++)
        json_array_add_string_element(names, *name);
    json_object_set_array_member(object, "vms", names);
    if (group->begin && group->end) {
        JsonObject *window = json_object_new();

        add_time(window, "begin", group->begin);
        add_time(window, "end", group->end);
        json_object_set_object_member(object, "window", window);
    }
    return object;
}

static void set_no_label(JsonObject *object, const char *reason)
{
    json_object_set_string_member(object, "label", "none");
    json_object_set_string_member(object, "reason", reason);
}

JsonNode *manifest_new(const Vm *vm, const GPtrArray *overlays, gint64 taken_at,
                       const Quiesce *window, const SnapshotGroup *group)
{
    JsonNode *root = json_node_new(JSON_NODE_OBJECT);
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, "format", FORMAT);
    json_object_set_string_member(object, "vm", vm->name);
    add_time(object, "time", taken_at);
    if (window)
        quiesce_to_json(window, object);
    else
        set_no_label(object, "the snapshot was not completed");
    if (group)
        json_object_set_object_member(object, "group", group_json(group));
    json_object_set_array_member(object, "disks", disks_json(overlays));
    json_node_take_object(root, object);
    return root;
}

/* The manifest in the file, the caller's; NULL if the file is not one. */
static JsonNode *load(const char *path)
{
    g_autofree char *text = NULL;
    g_autoptr(JsonNode) root = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return NULL;
    root = json_from_string(text, NULL);
    if (root && JSON_NODE_HOLDS_OBJECT(root) &&
        g_strcmp0(json_object_get_string_member_with_default(json_node_get_object(root),
                                                             "format", NULL), FORMAT) == 0)
        return g_steal_pointer(&root);
    return NULL;
}

/* @disk's overlay, or NULL; any program may have written a manifest. */
static const char *overlay_of(JsonNode *disk)
{
    return JSON_NODE_HOLDS_OBJECT(disk)
               ? json_object_get_string_member_with_default(json_node_get_object(disk), "overlay",
                                                            NULL)
               : NULL;
}

static GList *disks_of(JsonNode *manifest)
{
    JsonNode *list = json_object_get_member(json_node_get_object(manifest), "disks");

    return list && JSON_NODE_HOLDS_ARRAY(list) ? json_array_get_elements(json_node_get_array(list))
                                               : NULL;
}

/* The directories of its overlays, each once. */
static GPtrArray *places_of(JsonNode *manifest)
{
    g_autoptr(GList) disks = disks_of(manifest);
    GPtrArray *places = g_ptr_array_new_with_free_func(g_free);

    for (GList *disk = disks; disk; disk = disk->next) {
        const char *overlay = overlay_of(disk->data);
        g_autofree char *place = overlay ? g_path_get_dirname(overlay) : NULL;

        if (place && !g_ptr_array_find_with_equal_func(places, place, g_str_equal, NULL))
            g_ptr_array_add(places, g_steal_pointer(&place));
    }
    return places;
}

/* Creates the file @path, which must not exist, with all of @text or not at all. */
static gboolean write_fresh(const char *path, const char *text, GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.%08x", path, g_random_int());
    GFileSetContentsFlags flags = G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE;

    if (!g_file_set_contents_full(temporary, text, -1, flags, MANIFEST_MODE, error))
        return FALSE;
    if (rename_new(temporary, path, error))
        return TRUE;
    unlink(temporary);
    return FALSE;
}

static void remove_from(const char *place, const char *name)
{
    g_autofree char *path = g_build_filename(place, name, NULL);

    unlink(path);
}

/* Each file is replaced as a whole or not at all. */
gboolean manifest_write(JsonNode *manifest, const char *name, gboolean fresh, GError **error)
{
    g_autofree char *text = json_to_string(manifest, TRUE);
    g_autofree char *lines = g_strconcat(text, "\n", NULL);
    g_autoptr(GPtrArray) places = places_of(manifest);
    GFileSetContentsFlags flags = G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE;

    for (guint i = 0; i < places->len; i++) {
        g_autofree char *path = g_build_filename(places->pdata[i], name, NULL);

        if (fresh ? write_fresh(path, lines, error)
                  : g_file_set_contents_full(path, lines, -1, flags, MANIFEST_MODE, error))
            continue;
        while (fresh && i-- > 0)
            remove_from(places->pdata[i], name);
        return FALSE;
    }
    return TRUE;
}

void manifest_remove(JsonNode *manifest, const char *name)
{
    g_autoptr(GPtrArray) places = places_of(manifest);

    for (guint i = 0; i < places->len; i++)
        remove_from(places->pdata[i], name);
}

static gboolean names_overlay(const char *path, const char *overlay)
{
    g_autoptr(JsonNode) manifest = load(path);
    g_autoptr(GList) disks = manifest ? disks_of(manifest) : NULL;

    for (GList *disk = disks; disk; disk = disk->next)
        if (g_strcmp0(overlay_of(disk->data), overlay) == 0)
            return TRUE;
    return FALSE;
}

char *manifest_find(const char *overlay)
{
    g_autofree char *place = g_path_get_dirname(overlay);
    g_autoptr(GDir) dir = g_dir_open(place, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(place, name, NULL);

        if (g_str_has_suffix(name, SUFFIX) && names_overlay(path, overlay))
            return g_steal_pointer(&path);
    }
    return NULL;
}

gboolean manifest_spoil(const char *path, GError **error)
{
    g_autoptr(JsonNode) manifest = load(path);
    JsonObject *object = manifest ? json_node_get_object(manifest) : NULL;
    g_autofree char *name = g_path_get_basename(path);

    if (!object)
        return set_error(error, "%s is not a snapshot manifest", path);
    set_no_label(object, "a commit was started; the images are no longer those of the snapshot");
    return manifest_write(manifest, name, FALSE, error);
}

void manifest_drop_if_done(const char *path)
{
    g_autoptr(JsonNode) manifest = load(path);
    g_autoptr(GList) disks = manifest ? disks_of(manifest) : NULL;
    g_autofree char *name = g_path_get_basename(path);

    for (GList *disk = disks; disk; disk = disk->next) {
        const char *overlay = overlay_of(disk->data);

        if (overlay && g_file_test(overlay, G_FILE_TEST_EXISTS))
            return;
    }
    if (manifest)
        manifest_remove(manifest, name);
}
