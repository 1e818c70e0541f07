/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* Rows for people: columns as wide as their longest cell, numbers to the right. */
typedef struct Table Table;

/* @heads: one for each column, NULL-terminated; one that begins with '>' is of a column of numbers. */
Table *table_new(const char *const *heads);
void table_free(Table *table);

/* The next cell of the row under way; NULL is shown as "-". */
void table_cell(Table *table, const char *text);
void table_cellf(Table *table, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Bytes in the unit that suits; negative: unknown. */
void table_size(Table *table, gint64 bytes);

/* Appends the heads and all rows, or @empty if there is none. */
void table_print(const Table *table, const char *empty, GString *out);

/* What a guest tells must not move the cursor or colour the terminal; the caller's. */
char *harmless_text(const char *text);

/* "12.3 GiB"; the caller's. */
char *size_text(gint64 bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)
