/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/schema/schema.h"
#include "lib/errors.h"

/*
 * The path of an argument for error texts: "vcpus[0].logical-id". A chain from the innermost to the
 * outermost place; types do not nest deeply.
 */
typedef struct Place Place;
struct Place {
    const Place *outer;
    const char *name; /* NULL: the element @index of a list */
    gsize index;
};

static void append_place(const Place *place, GString *out)
{
    if (!place)
        return;
    append_place(place->outer, out);
    if (!place->name)
        g_string_append_printf(out, "[%" G_GSIZE_FORMAT "]", place->index);
    else
        g_string_append_printf(out, "%s%s", out->len ? "." : "", place->name);
}

static char *place_path(const Place *place)
{
    GString *path = g_string_new(NULL);

    append_place(place, path);
    return g_string_free(path, FALSE);
}

static gboolean wrong_type(const Place *place, const char *expected, GError **error)
{
    g_autofree char *path = place_path(place);

    return set_error(error, "Invalid parameter type for '%s', expected: %s", path, expected);
}

static gboolean fill_uint64(const Value *value, const Place *place, guint64 *target, GError **error)
{
    g_autofree char *path = NULL;

    if (value->kind == VALUE_UINT || value->kind == VALUE_INT) {
        /* A negative number wraps, as it does in QEMU. */
        *target = value->kind == VALUE_UINT ? value->uinteger : (guint64)value->integer;
        return TRUE;
    }
    path = place_path(place);
    return set_error(error, "Parameter '%s' expects uint64", path);
}

static gboolean fill_number(const Value *value, const Place *place, double *target, GError **error)
{
    switch (value->kind) {
    case VALUE_INT:
        *target = (double)value->integer;
        return TRUE;
    case VALUE_UINT:
        *target = (double)value->uinteger;
        return TRUE;
    case VALUE_DOUBLE:
        *target = value->number;
        return TRUE;
    default:
        return wrong_type(place, "number", error);
    }
}

static gboolean fill_choice(const Type *type, const Value *value, const Place *place, int *target,
                            GError **error)
{
    for (int i = 0; type->values[i]; i++) {
        if (g_str_equal(type->values[i], value->string.text)) {
            *target = i;
            return TRUE;
        }
    }
    return set_error(error, "Parameter '%s' does not accept value '%s'",
                     place->name ? place->name : "null", value->string.text);
}

static gboolean fill_alternate(const Type *type, const Value *value, const Place *place,
                               Alternate *target, GError **error)
{
    ValueKind number = type->item->kind == TYPE_BOOL ? VALUE_BOOL : VALUE_INT;

    if (value->kind == VALUE_STRING) {
        target->is_choice = true;
        return fill_choice(type, value, place, &target->choice, error);
    }
    if (number == VALUE_INT && (value->kind == VALUE_UINT || value->kind == VALUE_DOUBLE))
        return wrong_type(place, "integer", error); /* of the right kind of JSON */
    if (value->kind != number)
        return set_error(error, "Invalid parameter type for '%s', expected: %s",
                         place->name ? place->name : "null", type->name);
    target->number = number == VALUE_BOOL ? value->boolean : value->integer;
    return TRUE;
}

static gboolean fill(const Type *type, const Value *value, const Place *place, Arena *arena,
                     void *target, GError **error);

static gboolean fill_list(const Type *type, const Value *value, const Place *place, Arena *arena,
                          List *target, GError **error)
{
    gsize index = 0;

    target->len = target->capacity = value->items.len;
    target->items = arena_alloc(arena, target->len * type->item->size);
    for (const Value *item = value->items.first; item; item = item->next, index++) {
        Place here = { .outer = place, .index = index };

        if (!fill(type->item, item, &here, arena, (char *)target->items + index * type->item->size,
                  error))
            return FALSE;
    }
    return TRUE;
}

static gboolean fill_field(const Field *field, const Value *value, const Place *outer, Arena *arena,
                           char *target, GError **error)
{
    Place here = { .outer = outer, .name = field->name };
    g_autofree char *path = NULL;

    if (value) {
        if (field->has_offset != FIELD_NO_HAS)
            *(bool *)(target + field->has_offset) = true;
        return fill(field->type, value, &here, arena, target + field->offset, error);
    }
    if (field->flags & FIELD_OPTIONAL)
        return TRUE;
    path = place_path(&here);
    return set_error(error, "Parameter '%s' is missing", path);
}

/* @value is NULL where no arguments were given at all. */
static gboolean fill_object(const Type *type, const Value *value, const Place *place, Arena *arena,
                            void *target, GError **error)
{
    for (const Field *field = type->fields; field->name; field++)
        if (!fill_field(field, value ? value_member(value, field->name) : NULL, place, arena,
                        target, error))
            return FALSE;
    for (const Value *member = value ? value->items.first : NULL; member; member = member->next) {
        Place here = { .outer = place, .name = member->name };
        g_autofree char *path = NULL;

        if (schema_field(type, member->name))
            continue;
        path = place_path(&here);
        return set_error(error, "Parameter '%s' is unexpected", path);
    }
    return TRUE;
}

static gboolean fill(const Type *type, const Value *value, const Place *place, Arena *arena,
                     void *target, GError **error)
{
    static const ValueKind kinds[] = {
        [TYPE_INT] = VALUE_INT,     [TYPE_BOOL] = VALUE_BOOL, [TYPE_STRING] = VALUE_STRING,
        [TYPE_BASE64] = VALUE_STRING,
        [TYPE_ENUM] = VALUE_STRING, [TYPE_LIST] = VALUE_LIST, [TYPE_OBJECT] = VALUE_OBJECT,
    };

    if (type->kind == TYPE_UINT64)
        return fill_uint64(value, place, target, error);
    if (type->kind == TYPE_NUMBER)
        return fill_number(value, place, target, error);
    if (type->kind == TYPE_ALTERNATE)
        return fill_alternate(type, value, place, target, error);
    if (value->kind != kinds[type->kind])
        return wrong_type(place, type_expected_name(type), error);
    switch (type->kind) {
    case TYPE_INT:
        *(gint64 *)target = value->integer;
        return TRUE;
    case TYPE_BOOL:
        *(bool *)target = value->boolean;
        return TRUE;
    case TYPE_STRING:
        *(const char **)target = value->string.text;
        return TRUE;
    case TYPE_BASE64:
        *(Bytes *)target = (Bytes){ value->string.text, value->string.len };
        return TRUE;
    case TYPE_ENUM:
        return fill_choice(type, value, place, target, error);
    case TYPE_LIST:
        return fill_list(type, value, place, arena, target, error);
    default:
        return fill_object(type, value, place, arena, target, error);
    }
}

gboolean schema_fill(const Type *type, const Value *arguments, Arena *arena, void *target,
                     GError **error)
{
    return fill_object(type, arguments, NULL, arena, target, error);
}
