/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/json-util.h"

#include "lib/json/writer.h"

static void append_value(GString *text, char kind, va_list *values)
{
    if (kind == 's') {
        const char *string = va_arg(*values, const char *);

        if (string)
            json_append_string(text, string);
        else
            g_string_append(text, "null");
    } else if (kind == 'd') {
        g_string_append_printf(text, "%" G_GINT64_FORMAT, va_arg(*values, gint64));
    } else {
        g_string_append(text, va_arg(*values, gboolean) ? "true" : "false");
    }
}

JsonNode *json_make(const char *pattern, ...)
{
    g_autoptr(GString) text = g_string_new(NULL);
    g_autoptr(GError) error = NULL;
    JsonNode *node;
    va_list values;

    va_start(values, pattern);
    for (; *pattern; pattern++) {
        if (*pattern == '%')
            append_value(text, *++pattern, &values);
        else
            g_string_append_c(text, *pattern == '\'' ? '"' : *pattern);
    }
    va_end(values);
    node = json_from_string(text->str, &error);
    if (!node)
        g_error("%s: %s", text->str, error->message); /* a pattern that is none */
    return node;
}

static JsonNode *member(JsonObject *object, const char *name)
{
    return object ? json_object_get_member(object, name) : NULL;
}

const char *json_text(JsonObject *object, const char *name, const char *fallback)
{
    JsonNode *node = member(object, name);

    return node && json_node_get_value_type(node) == G_TYPE_STRING ? json_node_get_string(node)
                                                                    : fallback;
}

gint64 json_number(JsonObject *object, const char *name, gint64 fallback)
{
    JsonNode *node = member(object, name);

    return node && json_node_get_value_type(node) == G_TYPE_INT64 ? json_node_get_int(node)
                                                                   : fallback;
}

gboolean json_flag(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);

    return node && json_node_get_value_type(node) == G_TYPE_BOOLEAN && json_node_get_boolean(node);
}

JsonObject *json_object(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);

    return node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

JsonArray *json_array(JsonObject *object, const char *name)
{
    JsonNode *node = member(object, name);

    return node && JSON_NODE_HOLDS_ARRAY(node) ? json_node_get_array(node) : NULL;
}

JsonObject *json_item(JsonArray *array, guint index)
{
    JsonNode *node = json_array_get_element(array, index);

    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

guint json_count(JsonArray *array)
{
    return array ? json_array_get_length(array) : 0;
}
