/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/schema/schema.h"

#include <string.h>

#include "lib/errors.h"
#include "lib/json/base64.h"
#include "lib/json/writer.h"

#define BLANKED "***"

const Type type_int = { .kind = TYPE_INT, .name = "int", .size = sizeof(gint64) };
const Type type_uint64 = { .kind = TYPE_UINT64, .name = "uint64", .size = sizeof(guint64) };
const Type type_number = { .kind = TYPE_NUMBER, .name = "number", .size = sizeof(double) };
const Type type_bool = { .kind = TYPE_BOOL, .name = "bool", .size = sizeof(bool) };
const Type type_string = { .kind = TYPE_STRING, .name = "str", .size = sizeof(const char *) };
const Type type_base64 = { .kind = TYPE_BASE64, .name = "base64", .size = sizeof(Bytes) };
const Type type_string_list = { .kind = TYPE_LIST, .size = sizeof(List), .item = &type_string };

const char *type_expected_name(const Type *type)
{
    static const char *const names[] = {
        [TYPE_INT] = "integer",   [TYPE_UINT64] = "uint64", [TYPE_NUMBER] = "number",
        [TYPE_BOOL] = "boolean",  [TYPE_STRING] = "string", [TYPE_ENUM] = "string",
        [TYPE_LIST] = "array",    [TYPE_OBJECT] = "object", [TYPE_BASE64] = "string",
    };

    return type->kind == TYPE_ALTERNATE ? type->name : names[type->kind];
}

gboolean type_has_secret(const Type *type)
{
    if (type->kind == TYPE_LIST)
        return type_has_secret(type->item);
    for (const Field *field = type->kind == TYPE_OBJECT ? type->fields : NULL;
         field && field->name; field++)
        if ((field->flags & FIELD_SECRET) || type_has_secret(field->type))
            return TRUE;
    return FALSE;
}

gboolean field_present(const Field *field, const void *source)
{
    if (field->has_offset != FIELD_NO_HAS)
        return *(const bool *)((const char *)source + field->has_offset);
    if (field->flags & FIELD_OPTIONAL)
        return *(const char *const *)((const char *)source + field->offset) != NULL;
    return TRUE;
}

/* Strings are cut to this length in logs. */
static void append_for_log(GString *out, const char *text, gsize len)
{
    g_autofree char *cut = NULL;

    if (len > SCHEMA_MAX_LOGGED) {
        cut = g_strdup_printf("%.*s... %" G_GSIZE_FORMAT " bytes", SCHEMA_MAX_LOGGED, text, len);
        text = cut;
        len = strlen(cut);
    }
    json_append_text(out, text, len);
}

/* For base64, the length of the decoded data. */
static void append_base64(GString *out, const Bytes *bytes, gboolean for_log)
{
    gsize shown = SCHEMA_MAX_LOGGED / 4 * 3;

    if (!for_log || bytes->len <= shown) {
        json_append_base64(out, bytes->data, bytes->len);
        return;
    }
    json_append_base64(out, bytes->data, shown);
    g_string_truncate(out, out->len - 1);
    g_string_append_printf(out, "... %" G_GSIZE_FORMAT " bytes\"", bytes->len);
}

static void append_separator(GString *out, gboolean *first)
{
    if (!*first)
        g_string_append(out, ", ");
    *first = FALSE;
}

static void append_name(GString *out, const char *name, gboolean *first)
{
    append_separator(out, first);
    json_append_string(out, name);
    g_string_append(out, ": ");
}

static void dump_object(const Type *type, const void *source, gboolean blank, GString *out)
{
    gboolean first = TRUE;

    g_string_append_c(out, '{');
    for (const Field *field = type->fields; field->name; field++) {
        if (!field_present(field, source))
            continue;
        append_name(out, field->name, &first);
        if (blank && (field->flags & FIELD_SECRET))
            json_append_string(out, BLANKED);
        else
            schema_dump(field->type, (const char *)source + field->offset, blank, out);
    }
    g_string_append_c(out, '}');
}

static void dump_list(const Type *type, const List *list, gboolean blank, GString *out)
{
    gboolean first = TRUE;

    g_string_append_c(out, '[');
    for (gsize i = 0; i < list->len; i++) {
        append_separator(out, &first);
        schema_dump(type->item, (const char *)list->items + i * type->item->size, blank, out);
    }
    g_string_append_c(out, ']');
}

static void dump_alternate(const Type *type, const Alternate *alternate, GString *out)
{
    if (alternate->is_choice)
        json_append_string(out, type->values[alternate->choice]);
    else if (type->item->kind == TYPE_BOOL)
        json_append_bool(out, alternate->number != 0);
    else
        json_append_int(out, alternate->number);
}

void schema_dump(const Type *type, const void *source, gboolean blank_secrets, GString *out)
{
    switch (type->kind) {
    case TYPE_INT:
        json_append_int(out, *(const gint64 *)source);
        break;
    case TYPE_UINT64:
        json_append_uint(out, *(const guint64 *)source);
        break;
    case TYPE_NUMBER:
        json_append_double(out, *(const double *)source);
        break;
    case TYPE_BOOL:
        json_append_bool(out, *(const bool *)source);
        break;
    case TYPE_STRING:
        if (blank_secrets)
            append_for_log(out, *(const char *const *)source, strlen(*(const char *const *)source));
        else
            json_append_string(out, *(const char *const *)source);
        break;
    case TYPE_ENUM:
        json_append_string(out, type->values[*(const int *)source]);
        break;
    case TYPE_LIST:
        dump_list(type, source, blank_secrets, out);
        break;
    case TYPE_OBJECT:
        dump_object(type, source, blank_secrets, out);
        break;
    case TYPE_BASE64:
        append_base64(out, source, blank_secrets);
        break;
    case TYPE_ALTERNATE:
        dump_alternate(type, source, out);
        break;
    }
}

const Field *schema_field(const Type *type, const char *name)
{
    for (const Field *field = type->fields; field->name; field++)
        if (g_str_equal(field->name, name))
            return field;
    return NULL;
}

static void blank_object(const Type *type, const Value *value, GString *out)
{
    gboolean first = TRUE;

    g_string_append_c(out, '{');
    for (const Value *member = value->items.first; member; member = member->next) {
        const Field *field = schema_field(type, member->name);

        append_name(out, member->name, &first);
        /* An unknown member may be a misspelt secret. */
        if (!field || (field->flags & FIELD_SECRET))
            json_append_string(out, BLANKED);
        else
            schema_blank_value(field->type, member, out);
    }
    g_string_append_c(out, '}');
}

static void blank_list(const Type *type, const Value *value, GString *out)
{
    gboolean first = TRUE;

    g_string_append_c(out, '[');
    for (const Value *item = value->items.first; item; item = item->next) {
        append_separator(out, &first);
        schema_blank_value(type->item, item, out);
    }
    g_string_append_c(out, ']');
}

void schema_blank_value(const Type *type, const Value *value, GString *out)
{
    if (value->kind == VALUE_OBJECT && type->kind == TYPE_OBJECT)
        blank_object(type, value, out);
    else if (value->kind == VALUE_LIST && type->kind == TYPE_LIST)
        blank_list(type, value, out);
    else if (value->kind == VALUE_OBJECT || value->kind == VALUE_LIST)
        json_append_string(out, BLANKED); /* not of the table's shape, so it may hold a secret */
    else if (value->kind == VALUE_STRING)
        append_for_log(out, value->string.text, value->string.len);
    else
        json_append_value(out, value);
}
