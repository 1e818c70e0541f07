/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/table.h"

#include <stdlib.h>

#include <libsmartcols.h>

struct Table {
    struct libscols_table *lines;
    struct libscols_line *line; /* the current row; NULL: the next cell begins one */
    gsize columns;
    gsize filled; /* cells of the current row */
};

/* libsmartcols fails for lack of memory alone; then the program ends, as with GLib. */
static gpointer have(gpointer object)
{
    g_assert(object);
    return object;
}

static void set_up(struct libscols_table *lines)
{
    /* Text is never cut to the terminal's width: the result may be piped or copied. */
    scols_table_set_termforce(lines, SCOLS_TERMFORCE_NEVER);
    g_assert(scols_table_set_column_separator(lines, "  ") == 0);
}

Table *table_new(const char *const *heads)
{
    Table *table = g_new0(Table, 1);

    table->lines = have(scols_new_table());
    set_up(table->lines);
    for (; heads[table->columns]; table->columns++) {
        const char *head = heads[table->columns];
        gboolean right = *head == '>';

        have(scols_table_new_column(table->lines, head + right, 0, right ? SCOLS_FL_RIGHT : 0));
    }
    return table;
}

void table_free(Table *table)
{
    if (!table)
        return;
    scols_unref_table(table->lines);
    g_free(table);
}

char *harmless_text(const char *text)
{
    char *copy = g_utf8_make_valid(text, -1);

    for (char *at = copy; *at; at = g_utf8_next_char(at))
        if (g_unichar_iscntrl(g_utf8_get_char(at)) && g_utf8_get_char(at) < 0x80)
            *at = '?';
    return copy;
}

void table_cell(Table *table, const char *text)
{
    g_autofree char *shown = harmless_text(text ? text : "-");

    if (!table->line)
        table->line = have(scols_table_new_line(table->lines, NULL));
    g_assert(scols_line_set_data(table->line, table->filled, shown) == 0);
    table->filled = (table->filled + 1) % table->columns;
    if (table->filled == 0)
        table->line = NULL;
}

void table_cellf(Table *table, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    table_cell(table, text);
}

char *size_text(gint64 bytes)
{
    return g_format_size_full((guint64)bytes, G_FORMAT_SIZE_IEC_UNITS);
}

void table_size(Table *table, gint64 bytes)
{
    g_autofree char *text = bytes < 0 ? NULL : size_text(bytes);

    table_cell(table, text);
}

void table_print(const Table *table, const char *empty, GString *out)
{
    char *text = NULL;

    if (scols_table_is_empty(table->lines)) {
        g_string_append_printf(out, "%s\n", empty);
        return;
    }
    g_assert(scols_print_table_to_string(table->lines, &text) == 0 && text);
    g_string_append_printf(out, "%s\n", text);
    free(text);
}
