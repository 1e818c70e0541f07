/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/*
 * What json-glib leaves to its callers. Documents are built with its own typed functions:
 *
 *   JsonObject *arguments = jsonu_with("device", name);
 *
 *   json_object_set_int_member(arguments, "speed", rate);
 *
 * A string member that is set to NULL becomes null.
 */

/* A new object with one string member; the caller owns it. */
JsonObject *jsonu_with(const char *name, const char *value);

/* The text of @object on one line, or with @pretty on several; the caller owns it. */
char *jsonu_format(JsonObject *object, gboolean pretty);

/*
 * Readers of documents that QEMU, a guest or a manifest supplies. A member that is missing or
 * has another type yields @fallback (NULL, FALSE). @object, @array and @node may be NULL;
 * what is returned belongs to them.
 */
const char *jsonu_string(JsonObject *object, const char *name, const char *fallback);
gint64 jsonu_int(JsonObject *object, const char *name, gint64 fallback);
gboolean jsonu_bool(JsonObject *object, const char *name);
JsonObject *jsonu_object(JsonObject *object, const char *name);
JsonArray *jsonu_array(JsonObject *object, const char *name);

/* The object at @index, which must be less than jsonu_count(); NULL for another type. */
JsonObject *jsonu_item(JsonArray *array, guint index);
guint jsonu_count(JsonArray *array);

/* The object, or the array, that @node holds. */
JsonObject *jsonu_node_object(JsonNode *node);
JsonArray *jsonu_node_array(JsonNode *node);
