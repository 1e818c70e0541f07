/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/value-get.h"

const Value *value_get(const Value *object, const char *name)
{
    return object && object->kind == VALUE_OBJECT ? value_member(object, name) : NULL;
}

const char *value_string(const Value *object, const char *name, const char *fallback)
{
    const Value *value = value_get(object, name);

    return value && value->kind == VALUE_STRING ? value->string.text : fallback;
}

gint64 value_int(const Value *object, const char *name, gint64 fallback)
{
    const Value *value = value_get(object, name);

    if (value && value->kind == VALUE_UINT)
        return G_MAXINT64;
    return value && value->kind == VALUE_INT ? value->integer : fallback;
}

double value_number(const Value *object, const char *name, double fallback)
{
    const Value *value = value_get(object, name);

    if (!value)
        return fallback;
    switch (value->kind) {
    case VALUE_INT:
        return (double)value->integer;
    case VALUE_UINT:
        return (double)value->uinteger;
    case VALUE_DOUBLE:
        return value->number;
    default:
        return fallback;
    }
}

gboolean value_bool(const Value *object, const char *name, gboolean fallback)
{
    const Value *value = value_get(object, name);

    return value && value->kind == VALUE_BOOL ? value->boolean : fallback;
}

const char *value_bytes(const Value *object, const char *name, gsize *len)
{
    const Value *value = value_get(object, name);

    *len = 0;
    if (!value || value->kind != VALUE_STRING)
        return NULL;
    if (*value->string.text)
        g_base64_decode_inplace(value->string.text, len);
    return value->string.text;
}

const Value *value_first(const Value *list)
{
    return list && (list->kind == VALUE_LIST || list->kind == VALUE_OBJECT) ? list->items.first
                                                                            : NULL;
}
