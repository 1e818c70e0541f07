/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/sample-types.h"

const Type sample_mode = {
    .kind = TYPE_ENUM,
    .name = "SampleMode",
    .size = sizeof(int),
    .values = (const char *const[]){ "slow", "fast", NULL },
};

static const Type row_type = {
    .kind = TYPE_OBJECT,
    .name = "SampleRow",
    .size = sizeof(Row),
    .fields = (const Field[]){
        REQUIRED(Row, logical_id, "logical-id", &type_int),
        OPTIONAL(Row, online, "online", &type_bool),
        { .name = "token", .type = &type_string, .offset = offsetof(Row, token),
          .has_offset = FIELD_NO_HAS, .flags = FIELD_OPTIONAL | FIELD_SECRET },
        FIELDS_END,
    },
};

static const Type deep_type = {
    .kind = TYPE_OBJECT,
    .name = "SampleDeep",
    .size = sizeof(Deep),
    .fields = (const Field[]){ REQUIRED(Deep, x, "x", &type_int), FIELDS_END },
};

static const Type inner_type = {
    .kind = TYPE_OBJECT,
    .name = "SampleInner",
    .size = sizeof(Inner),
    .fields = (const Field[]){
        REQUIRED(Inner, deep, "deep", &deep_type),
        { .name = "key", .type = &type_string, .offset = offsetof(Inner, key),
          .has_offset = FIELD_NO_HAS, .flags = FIELD_OPTIONAL | FIELD_SECRET },
        FIELDS_END,
    },
};

static const Type whence_type = {
    .kind = TYPE_ALTERNATE,
    .name = "SampleWhence",
    .size = sizeof(Alternate),
    .item = &type_int,
    .values = (const char *const[]){ "set", "cur", "end", NULL },
};

static const Type capture_type = {
    .kind = TYPE_ALTERNATE,
    .name = "SampleCapture",
    .size = sizeof(Alternate),
    .item = &type_bool,
    .values = (const char *const[]){ "none", "merged", NULL },
};

static const Type rows_type = { .kind = TYPE_LIST, .size = sizeof(List), .item = &row_type };

const Type sample_type = {
    .kind = TYPE_OBJECT,
    .name = "Sample",
    .size = sizeof(Sample),
    .fields = (const Field[]){
        REQUIRED(Sample, number, "int", &type_int, .flags = FIELD_AUDITED),
        REQUIRED(Sample, name, "name", &type_string, .flags = FIELD_AUDITED),
        OPTIONAL(Sample, size, "size", &type_uint64),
        OPTIONAL(Sample, ratio, "ratio", &type_number),
        OPTIONAL(Sample, on, "on", &type_bool),
        OPTIONAL(Sample, mode, "mode", &sample_mode),
        OPTIONAL_STRING(Sample, note, "note"),
        OPTIONAL(Sample, words, "words", &type_string_list),
        OPTIONAL(Sample, inner, "inner", &inner_type),
        OPTIONAL(Sample, rows, "rows", &rows_type),
        OPTIONAL(Sample, whence, "whence", &whence_type),
        OPTIONAL(Sample, capture, "capture", &capture_type),
        { .name = "password", .type = &type_string, .offset = offsetof(Sample, password),
          .has_offset = FIELD_NO_HAS,
          .flags = FIELD_OPTIONAL | FIELD_SECRET | FIELD_AUDITED },
        FIELDS_END,
    },
};

const char sample_text[] =
    "{\"int\": -9223372036854775808, \"name\": \"a\\u00E9\", \"size\": 18446744073709551615, "
    "\"ratio\": 0.5, \"on\": true, \"mode\": \"fast\", \"note\": \"n\", \"words\": [\"a\", \"b\"], "
    "\"inner\": {\"deep\": {\"x\": 7}, \"key\": \"k\"}, "
    "\"rows\": [{\"logical-id\": 0}, {\"logical-id\": 1, \"online\": true, \"token\": \"t\"}], "
    "\"whence\": \"end\", \"capture\": true, \"password\": \"p\"}";
