/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/json/value.h"

/*
 * JSON text as QEMU writes it: ASCII only, ", " between items, ": " after
 * names, escapes in upper-case hexadecimal, doubles with 17 significant digits.
 */

/* Appends @len bytes as a string; invalid UTF-8 becomes U+FFFD. */
void json_append_text(GString *out, const char *text, gsize len);
void json_append_string(GString *out, const char *text);

void json_append_int(GString *out, gint64 value);
void json_append_uint(GString *out, guint64 value);
/* JSON has no infinity: it is written as a number that every reader converts to it. */
void json_append_double(GString *out, double value);
void json_append_bool(GString *out, gboolean value);

/* Appends @value and all below it. */
void json_append_value(GString *out, const Value *value);
