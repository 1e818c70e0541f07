/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A JSON value as it came over the wire. Integers keep all 64 bits, with or
 * without sign; strings are UTF-8 in which U+0000 is the two bytes C0 80, so
 * they are plain C strings. Everything lives in the arena of its request.
 */
typedef enum {
    VALUE_NULL,
    VALUE_BOOL,
    VALUE_INT,
    VALUE_UINT, /* an integer above G_MAXINT64 */
    VALUE_DOUBLE,
    VALUE_STRING,
    VALUE_LIST,
    VALUE_OBJECT,
} ValueKind;

typedef struct Value Value;
struct Value {
    ValueKind kind;
    union {
        gboolean boolean;
        gint64 integer;
        guint64 uinteger;
        double number;
        struct {
            char *text;
            gsize len;
        } string;
        struct {
            Value *first;
            Value *last;
            gsize len;
        } items; /* of a list or an object */
    };
    /* As an item of a list or a member of an object: */
    const char *name;
    Value *next;
};

/* The member called @name of the object @object, or NULL. */
Value *value_member(const Value *object, const char *name);

void value_append(Value *container, Value *item);

/* Any bytes, which travel as base64. Results are encoded on their way out. */
typedef struct {
    char *data;
    gsize len;
} Bytes;
