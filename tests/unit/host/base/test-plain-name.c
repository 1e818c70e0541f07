/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/plain-name.h"

#include <string.h>

static void test_plain(void)
{
    static const char *const names[] = { "vm", "vm_1", "Web-1.example", "0", "a." };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *name = plain_name(names[i]);

        g_assert_cmpstr(name, ==, names[i]);
    }
}

static void test_folded(void)
{
    g_autofree char *spaced = plain_name("vm 1");
    g_autofree char *up = plain_name("..");
    g_autofree char *option = plain_name("-rf");
    g_autofree char *path = plain_name("../a b/c[0].x");

    g_assert_cmpstr(spaced, ==, "vm_1~ebf30ea1");
    g_assert_true(g_str_has_prefix(up, "_.~"));
    g_assert_true(g_str_has_prefix(option, "_rf~"));
    g_assert_true(g_str_has_prefix(path, "c_0_.x~"));
}

/* Names that fold to the same text, and what one of them is folded to. */
static void test_different(void)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    static const char *const names[] = {
        "",     "_",      "vm 1",    "vm_1",   "vm/1",  "vm_1~ebf30ea1", "prod/db", "test/db", "db",
        ".",    "..",     "_.",      "-",      "\xc3\xa4", "\xc3\xb6",  "__",     "prod_db",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_assert_true(g_hash_table_add(seen, plain_name(names[i])));
}

static void test_long(void)
{
    g_autofree char *text = g_strnfill(4000, 'x');
    g_autofree char *first = plain_name(text);
    g_autofree char *second = plain_name(text + 1);

    g_assert_cmpuint(strlen(first), ==, PLAIN_NAME_MAX + 9);
    g_assert_cmpstr(first, !=, second);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/host/plain-name/plain -> unchanged", test_plain);
    g_test_add_func("/host/plain-name/other characters -> folded, with a checksum", test_folded);
    g_test_add_func("/host/plain-name/different names -> different files", test_different);
    g_test_add_func("/host/plain-name/long -> shortened, with a checksum", test_long);
    return g_test_run();
}
