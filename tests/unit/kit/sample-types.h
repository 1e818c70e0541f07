/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/schema.h"

/* A table with every kind of field, for tests of what works by tables. */

typedef struct {
    gint64 logical_id;
    bool online, has_online;
    const char *token;
} Row;

typedef struct {
    gint64 x;
} Deep;

typedef struct {
    Deep deep;
    const char *key;
} Inner;

typedef struct {
    gint64 number;
    const char *name;
    guint64 size;
    double ratio;
    bool on;
    int mode;
    const char *note;
    List words;
    Inner inner;
    List rows;
    Alternate whence;
    Alternate capture;
    const char *password;
    bool has_size, has_ratio, has_on, has_mode, has_words, has_inner, has_rows, has_whence,
        has_capture;
} Sample;

extern const Type sample_type, sample_mode;

/* An object with all members, as it is written. */
extern const char sample_text[];
