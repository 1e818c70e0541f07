/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/schema/schema-check.h"

#include "lib/errors.h"

static gboolean check_object(const Type *type, const Value *value, GError **error)
{
    for (const Value *member = value->items.first; member; member = member->next)
        if (!schema_field(type, member->name))
            return set_error(error, "%s: undeclared", member->name);
    for (const Field *field = type->fields; field->name; field++) {
        const Value *member = value_member(value, field->name);

        if (member ? !schema_check(field->type, member, error)
                   : !(field->flags & FIELD_OPTIONAL)) {
            if (!member)
                return set_error(error, "%s: missing", field->name);
            g_prefix_error(error, "%s: ", field->name);
            return FALSE;
        }
    }
    return TRUE;
}

static gboolean kind_matches(const Type *type, const Value *value)
{
    switch (type->kind) {
    case TYPE_INT:
        return value->kind == VALUE_INT;
    case TYPE_UINT64:
        return value->kind == VALUE_UINT || (value->kind == VALUE_INT && value->integer >= 0);
    case TYPE_NUMBER:
        return value->kind == VALUE_DOUBLE || value->kind == VALUE_INT;
    case TYPE_BOOL:
        return value->kind == VALUE_BOOL;
    case TYPE_STRING:
    case TYPE_BASE64:
        return value->kind == VALUE_STRING;
    case TYPE_ENUM:
        return value->kind == VALUE_STRING && g_strv_contains(type->values, value->string.text);
    case TYPE_LIST:
        return value->kind == VALUE_LIST;
    case TYPE_OBJECT:
        return value->kind == VALUE_OBJECT;
    case TYPE_ALTERNATE:
        return value->kind == VALUE_STRING || kind_matches(type->item, value);
    }
    return FALSE;
}

gboolean schema_check(const Type *type, const Value *value, GError **error)
{
    if (!kind_matches(type, value))
        return set_error(error, "not of type %s", type_expected_name(type));
    if (type->kind == TYPE_OBJECT)
        return check_object(type, value, error);
    if (type->kind != TYPE_LIST)
        return TRUE;
    for (const Value *item = value->items.first; item; item = item->next)
        if (!schema_check(type->item, item, error))
            return FALSE;
    return TRUE;
}
