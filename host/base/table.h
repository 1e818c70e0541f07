/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A table for people, laid out by libsmartcols: each column is as wide as its longest cell on a
 * terminal, where a Chinese character takes two places. Columns are two blanks apart.
 */
typedef struct Table Table;

/* @heads: one per column, NULL-terminated; a '>' in front aligns the column to the right. */
Table *table_new(const char *const *heads);
void table_free(Table *table);

/* Adds the next cell of the current row; NULL is shown as "-". Control characters become '?'. */
void table_cell(Table *table, const char *text);
void table_cellf(Table *table, const char *format, ...) G_GNUC_PRINTF(2, 3);
/* Bytes in a suitable unit, or "-" if @bytes is negative. */
void table_size(Table *table, gint64 bytes);

/* Appends the heads and all rows to @out, or @empty if there are no rows. */
void table_print(const Table *table, const char *empty, GString *out);

/* @text as valid UTF-8 that cannot move the cursor or colour the terminal; the caller owns it. */
char *harmless_text(const char *text);

/* "12.3 GiB"; the caller owns it. */
char *size_text(gint64 bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Table, table_free)
