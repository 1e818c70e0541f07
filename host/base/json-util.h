/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

/*
 * A JSON value from a pattern, in which ' stands for " and which has %s for a string (quoted
 * and escaped here; NULL gives null), %d for a gint64 and %b for a gboolean:
 *
 *   json_make("{'node': %s, 'size': %d}", node, size)
 *
 * The caller's.
 */
JsonNode *json_make(const char *pattern, ...);

/*
 * Looks into what QEMU or a manifest says, which need not be as expected: what is not there,
 * or is not of the kind, is the fallback. @object may be NULL.
 */
const char *json_text(JsonObject *object, const char *name, const char *fallback);
gint64 json_number(JsonObject *object, const char *name, gint64 fallback);
gboolean json_flag(JsonObject *object, const char *name);
JsonObject *json_object(JsonObject *object, const char *name); /* NULL: none */
JsonArray *json_array(JsonObject *object, const char *name);   /* NULL: none */
/* The object at @index of @array; NULL: it is none. */
JsonObject *json_item(JsonArray *array, guint index);
guint json_count(JsonArray *array); /* NULL: 0 */
