/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lib/arena.h"
#include "lib/json/value.h"

/*
 * The shape of arguments and results, as constant tables: which C struct member
 * carries which JSON member. From a table follow checking and filling of
 * arguments, writing of results, and all documentation.
 */
typedef enum {
    TYPE_INT,    /* gint64 */
    TYPE_UINT64, /* guint64 */
    TYPE_NUMBER, /* double */
    TYPE_BOOL,   /* bool */
    TYPE_STRING, /* const char *; NULL where absent */
    TYPE_ENUM,   /* int, an index of @values */
    TYPE_LIST,   /* List of @item */
    TYPE_OBJECT, /* a struct of @size bytes, described by @fields */
    TYPE_BASE64, /* Bytes; of an argument still encoded, see bytes_decode() */
    TYPE_ALTERNATE, /* Alternate: a @item (integer or boolean), or one of @values */
} TypeKind;

typedef struct Type Type;
typedef struct Field Field;

struct Type {
    TypeKind kind;
    const char *name; /* as documentation calls it; NULL for a list */
    gsize size;       /* of the C value */
    const Type *item;
    const char *const *values; /* NULL-terminated */
    const Field *fields;       /* ends with a name of NULL */
};

typedef enum {
    FIELD_OPTIONAL = 1 << 0,
    FIELD_SECRET = 1 << 1,  /* never logged, blanked in traces */
    FIELD_AUDITED = 1 << 2, /* decisive: part of the audit line */
} FieldFlags;

struct Field {
    const char *name; /* on the wire */
    const Type *type;
    gsize offset;     /* of the C member */
    gsize has_offset; /* of the bool that says it is present, or FIELD_NO_HAS */
    guint flags;
    const char *doc;
    const char *fallback; /* the default of an optional argument, for documentation */
    const char *since;    /* if it is newer than the command or type; otherwise NULL */
    guint rules; /* RULE_BITs of the settings that restrict its value */
};

#define FIELD_NO_HAS G_MAXSIZE

/* The rows of a table for the C struct S. OPTIONAL wants a bool has_MEMBER in S. */
#define REQUIRED(S, member, wire, of_type, ...)                                                    \
    { .name = wire, .type = of_type, .offset = offsetof(S, member), .has_offset = FIELD_NO_HAS,    \
      __VA_ARGS__ }
#define OPTIONAL(S, member, wire, of_type, ...)                                                    \
    { .name = wire, .type = of_type, .offset = offsetof(S, member),                                \
      .has_offset = offsetof(S, has_##member), .flags = FIELD_OPTIONAL, __VA_ARGS__ }
/* A string that is absent when NULL. */
#define OPTIONAL_STRING(S, member, wire, ...)                                                      \
    { .name = wire, .type = &type_string, .offset = offsetof(S, member),                           \
      .has_offset = FIELD_NO_HAS, .flags = FIELD_OPTIONAL, __VA_ARGS__ }
#define FIELDS_END { .name = NULL }

typedef struct {
    bool is_choice;
    gint64 number; /* or a boolean */
    int choice;
} Alternate;

extern const Type type_base64;
extern const Type type_int, type_uint64, type_number, type_bool, type_string;
extern const Type type_string_list;

/* The kind's name in QEMU's error texts. */
const char *type_expected_name(const Type *type);

/*
 * Checks the object @arguments (NULL: none given) against @type and fills the
 * struct @target, zeroed by the caller. Strings are those of the value tree,
 * lists come from @arena. Returns FALSE with QEMU's error text on the first fault.
 */
gboolean schema_fill(const Type *type, const Value *arguments, Arena *arena, void *target,
                     GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Appends @source, a C value of @type, as JSON. With @blank_secrets, for logs, a secret field is
 * written as "***" and a long string is cut.
 */
#define SCHEMA_MAX_LOGGED 1024
void schema_dump(const Type *type, const void *source, gboolean blank_secrets, GString *out);

/* The row of the object type @type for the member called @name, or NULL. */
const Field *schema_field(const Type *type, const char *name);

/* Whether a value of @type has a secret field, however deep. */
gboolean type_has_secret(const Type *type);

/* Whether the optional or required member of @field is present in @source. */
gboolean field_present(const Field *field, const void *source);

/*
 * Appends @value as schema_dump() does: fields that @type marks as secret are blanked, and long
 * strings are cut.
 */
void schema_blank_value(const Type *type, const Value *value, GString *out);
