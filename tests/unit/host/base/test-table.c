/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/table.h"

#include <locale.h>
#include <string.h>

static const char *const heads[] = { "NAME", ">SIZE", "LABEL", NULL };

static char *printed(const Table *table)
{
    GString *out = g_string_new(NULL);

    table_print(table, "nothing", out);
    return g_string_free(out, FALSE);
}

static void test_columns(void)
{
    g_autoptr(Table) table = table_new(heads);
    g_autofree char *text = NULL;

    table_cell(table, "a");
    table_size(table, 1536);
    table_cell(table, "first");
    table_cell(table, "longer");
    table_size(table, -1);
    table_cell(table, NULL);
    table_cell(table, NULL);
    table_cellf(table, "%d %%", 7);
    table_cell(table, "x y");
    text = printed(table);
    g_assert_cmpstr(text, ==, "NAME       SIZE  LABEL\n"
                              "a       1.5\u00a0KiB  first\n"
                              "longer        -  -\n"
                              "-           7 %  x y\n");
}

static void test_right_end(void)
{
    g_autoptr(Table) table = table_new((const char *const[]){ "A", ">B", NULL });
    g_autofree char *text = NULL;

    table_cell(table, "long name");
    table_cell(table, "1");
    table_cell(table, "");
    table_cell(table, "1000");
    text = printed(table);
    g_assert_cmpstr(text, ==, "A             B\n"
                              "long name     1\n"
                              "           1000\n");
}

/* A Chinese character takes two places, a combining accent none. */
static void test_wide(void)
{
    g_autoptr(Table) table = table_new((const char *const[]){ "VM", "STATE", NULL });
    g_autofree char *text = NULL;

    table_cell(table, "漢字");
    table_cell(table, "running");
    table_cell(table, "web1");
    table_cell(table, "paused");
    table_cell(table, "e\u0301e\u0301");
    table_cell(table, "off");
    text = printed(table);
    g_assert_cmpstr(text, ==, "VM    STATE\n"
                              "漢字  running\n"
                              "web1  paused\n"
                              "e\u0301e\u0301    off\n");
}

static void test_empty(void)
{
    g_autoptr(Table) table = table_new(heads);
    g_autofree char *text = printed(table);

    g_assert_cmpstr(text, ==, "nothing\n");
}

/* Wider than any terminal: no cell is cut. */
static void test_long(void)
{
    g_autoptr(Table) table = table_new((const char *const[]){ "A", "B", NULL });
    g_autofree char *cell = g_strnfill(5000, 'x');
    g_autofree char *text = NULL;

    table_cell(table, cell);
    table_cell(table, cell);
    text = printed(table);
    g_assert_nonnull(strstr(text, cell));
    g_assert_cmpuint(strlen(text), ==, (5000 + 2 + 2) + (2 * 5000 + 2 + 1));
}

/* What a guest chose as a name neither moves the cursor nor breaks the row. */
static void test_harmless(void)
{
    static const struct {
        const char *text, *harmless;
    } cases[] = {
        { "plain", "plain" },       { "\x1b[31mred", "?[31mred" }, { "a\nb\tc\rd", "a?b?c?d" },
        { "\x7f", "?" },            { "Grüße 漢", "Grüße 漢" },     { "", "" },
        { "\xff|", "\xef\xbf\xbd|" },
    };
    g_autoptr(Table) table = table_new((const char *const[]){ "A", NULL });
    g_autofree char *text = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *harmless = harmless_text(cases[i].text);

        g_assert_cmpstr(harmless, ==, cases[i].harmless);
    }
    table_cell(table, "\x1b[2J\n");
    text = printed(table);
    g_assert_cmpstr(text, ==, "A\n?[2J?\n");
}

static void test_size(void)
{
    g_autofree char *small = size_text(0), *big = size_text(G_GINT64_CONSTANT(5) << 40);

    g_assert_cmpstr(small, ==, "0 bytes");
    g_assert_cmpstr(big, ==, "5.0\u00a0TiB");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_assert_nonnull(setlocale(LC_CTYPE, "C.UTF-8"));
    g_test_add_func("/table/columns", test_columns);
    g_test_add_func("/table/columns/right-at-the-end", test_right_end);
    g_test_add_func("/table/columns/wide-characters -> aligned", test_wide);
    g_test_add_func("/table/empty", test_empty);
    g_test_add_func("/table/long -> not cut", test_long);
    g_test_add_func("/table/control-characters -> replaced", test_harmless);
    g_test_add_func("/table/size", test_size);
    return g_test_run();
}
