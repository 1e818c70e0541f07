/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/table.h"

#define GAP 2

struct Table {
    const char *const *heads;
    guint columns;
    GPtrArray *cells; /* of all rows, one after the other */
};

Table *table_new(const char *const *heads)
{
    Table *table = g_new0(Table, 1);

    table->heads = heads;
    table->columns = g_strv_length((char **)heads);
    table->cells = g_ptr_array_new_with_free_func(g_free);
    return table;
}

void table_free(Table *table)
{
    if (!table)
        return;
    g_ptr_array_unref(table->cells);
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
    g_ptr_array_add(table->cells, harmless_text(text ? text : "-"));
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

static guint width_of(const Table *table, guint column)
{
    const char *head = table->heads[column];
    glong width = g_utf8_strlen(head + (*head == '>'), -1);

    for (guint i = column; i < table->cells->len; i += table->columns)
        width = MAX(width, g_utf8_strlen(table->cells->pdata[i], -1));
    return (guint)width;
}

static void print_cell(const Table *table, guint column, const char *text, guint width,
                       GString *out)
{
    guint blank = width - (guint)g_utf8_strlen(text, -1);
    gboolean right = *table->heads[column] == '>';
    gboolean last = column + 1 == table->columns;

    if (right)
        g_string_append_printf(out, "%*s", (int)blank, "");
    g_string_append(out, text);
    if (last)
        g_string_append_c(out, '\n');
    else
        g_string_append_printf(out, "%*s", (int)(right ? GAP : blank + GAP), "");
}

void table_print(const Table *table, const char *empty, GString *out)
{
    g_autofree guint *widths = g_new(guint, table->columns);

    if (table->cells->len == 0) {
        g_string_append_printf(out, "%s\n", empty);
        return;
    }
    for (guint i = 0; i < table->columns; i++)
        widths[i] = width_of(table, i);
    for (guint i = 0; i < table->columns; i++)
        print_cell(table, i, table->heads[i] + (*table->heads[i] == '>'), widths[i], out);
    for (guint i = 0; i < table->cells->len; i++)
        print_cell(table, i % table->columns, table->cells->pdata[i], widths[i % table->columns],
                   out);
}
