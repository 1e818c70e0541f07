/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/value-get.h"

#include <string.h>

#include "lib/json/reader.h"

/* What a hostile agent may send where a client expects something else. */
static const char document[] =
    "{\"text\": \"a\", \"int\": 7, \"big\": 18446744073709551615, \"real\": 2.5, \"yes\": true, "
    "\"null\": null, \"list\": [1, 2, 3], \"object\": {\"in\": \"side\"}, \"bytes\": \"aGVsbG8=\"}";

typedef struct {
    Arena *arena;
    const Value *root;
    char *text;
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    f->arena = arena_new();
    f->text = g_strdup(document);
    f->root = json_read(f->arena, f->text, strlen(f->text), &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    arena_free(f->arena);
    g_free(f->text);
}

static void test_present(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpstr(value_string(f->root, "text", "-"), ==, "a");
    g_assert_cmpint(value_int(f->root, "int", -1), ==, 7);
    g_assert_cmpfloat(value_number(f->root, "real", -1), ==, 2.5);
    g_assert_cmpfloat(value_number(f->root, "int", -1), ==, 7);
    g_assert_true(value_bool(f->root, "yes", FALSE));
    g_assert_cmpstr(value_string(value_get(f->root, "object"), "in", NULL), ==, "side");
}

/* Each getter on each member of another type. */
static void test_other_type(Fixture *f, gconstpointer data)
{
    static const char *const members[] = { "text", "int", "real", "yes", "null", "list", "object",
                                           "missing" };

    (void)data;
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        if (i != 0)
            g_assert_cmpstr(value_string(f->root, members[i], "fallback"), ==, "fallback");
        if (i != 1)
            g_assert_cmpint(value_int(f->root, members[i], -5), ==, -5);
        if (i != 1 && i != 2)
            g_assert_cmpfloat(value_number(f->root, members[i], -5), ==, -5);
        if (i != 3)
            g_assert_true(value_bool(f->root, members[i], TRUE));
    }
}

static void test_no_object(Fixture *f, gconstpointer data)
{
    const Value *text = value_get(f->root, "text");

    (void)data;
    g_assert_null(value_get(text, "text"));
    g_assert_null(value_get(NULL, "text"));
    g_assert_cmpstr(value_string(NULL, "text", "fallback"), ==, "fallback");
    g_assert_cmpint(value_int(text, "int", 3), ==, 3);
}

static void test_list(Fixture *f, gconstpointer data)
{
    gint64 sum = 0;
    guint n = 0;

    (void)data;
    VALUE_EACH (item, value_get(f->root, "list")) {
        sum += item->kind == VALUE_INT ? item->integer : 0;
        n++;
    }
    VALUE_EACH (item, value_get(f->root, "text"))
        g_assert_not_reached();
    VALUE_EACH (item, NULL)
        g_assert_not_reached();
    g_assert_cmpuint(n, ==, 3);
    g_assert_cmpint(sum, ==, 6);
}

static void test_bytes(Fixture *f, gconstpointer data)
{
    gsize len = 99;
    const char *bytes = value_bytes(f->root, "bytes", &len);

    (void)data;
    g_assert_nonnull(bytes);
    g_assert_cmpmem(bytes, len, "hello", 5);
    g_assert_null(value_bytes(f->root, "int", &len));
    g_assert_null(value_bytes(f->root, "missing", &len));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
#define ADD(path, func) g_test_add(path, Fixture, NULL, set_up, func, tear_down)
    ADD("/value-get/present", test_present);
    ADD("/value-get/member of another type -> fallback", test_other_type);
    ADD("/value-get/not an object -> fallback", test_no_object);
    ADD("/value-get/list", test_list);
    ADD("/value-get/base64 -> bytes", test_bytes);
    return g_test_run();
}
