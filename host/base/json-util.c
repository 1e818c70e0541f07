/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/json-util.h"

JsonObject *jsonu_with(const char *name, const char *value)
{
    JsonObject *object = json_object_new();

    json_object_set_string_member(object, name, value);
    return object;
}

char *jsonu_format(JsonObject *object, gboolean pretty)
{
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_OBJECT);

    json_node_set_object(node, object);
    return json_to_string(node, pretty);
}

JsonObject *jsonu_node_object(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *jsonu_node_array(JsonNode *node)
{
    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

static JsonNode *member(JsonObject *object, const char *name)
{
    return object ? json_object_get_member(object, name) : NULL;
}

static JsonNode *member_of_type(JsonObject *object, const char *name, GType type)
{
    JsonNode *node = member(object, name);

    return node && json_node_get_value_type(node) == type ? node : NULL;
}

const char *jsonu_string(JsonObject *object, const char *name, const char *fallback)
{
    JsonNode *node = member_of_type(object, name, G_TYPE_STRING);

    return node ? json_node_get_string(node) : fallback;
}

gint64 jsonu_int(JsonObject *object, const char *name, gint64 fallback)
{
    JsonNode *node = member_of_type(object, name, G_TYPE_INT64);

    return node ? json_node_get_int(node) : fallback;
}

gboolean jsonu_bool(JsonObject *object, const char *name)
{
    JsonNode *node = member_of_type(object, name, G_TYPE_BOOLEAN);

    return node && json_node_get_boolean(node);
}

JsonObject *jsonu_object(JsonObject *object, const char *name)
{
    return jsonu_node_object(member(object, name));
}

JsonArray *jsonu_array(JsonObject *object, const char *name)
{
    return jsonu_node_array(member(object, name));
}

JsonObject *jsonu_item(JsonArray *array, guint index)
{
    return jsonu_node_object(json_array_get_element(array, index));
}

guint jsonu_count(JsonArray *array)
{
    return array ? json_array_get_length(array) : 0;
}
