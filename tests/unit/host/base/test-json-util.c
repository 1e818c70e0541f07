/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/json-util.h"

/* Numbers that a varargs function would read with the wrong width. */
static void test_numbers(void)
{
    enum { HELD = 1 };
    static const gint64 numbers[] = { 0, 1, -1, G_MAXINT32, G_MININT32, G_MAXINT64, G_MININT64 };
    g_autoptr(JsonObject) held = jsonu_with("device", "d0");
    g_autofree char *text = NULL;

    json_object_set_int_member(held, "speed", HELD);
    text = jsonu_format(held, FALSE);
    g_assert_cmpstr(text, ==, "{\"device\":\"d0\",\"speed\":1}");
    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(JsonObject) object = json_object_new();
        g_autoptr(JsonNode) read = NULL;
        g_autofree char *line = NULL;

        json_object_set_int_member(object, "n", numbers[i]);
        line = jsonu_format(object, FALSE);
        read = json_from_string(line, NULL);
        g_assert_cmpint(jsonu_int(jsonu_node_object(read), "n", 7), ==, numbers[i]);
    }
}

static void test_text(void)
{
    g_autoptr(JsonObject) object = jsonu_with("name", "a \"b\"\\\n%s'");
    g_autoptr(JsonObject) none = jsonu_with("parent", NULL);
    g_autofree char *line = jsonu_format(object, FALSE);
    g_autofree char *null = jsonu_format(none, FALSE);
    g_autofree char *pretty = jsonu_format(none, TRUE);

    g_assert_cmpstr(line, ==, "{\"name\":\"a \\\"b\\\"\\\\\\n%s'\"}");
    g_assert_cmpstr(null, ==, "{\"parent\":null}");
    g_assert_cmpstr(pretty, ==, "{\n  \"parent\" : null\n}");
}

static void test_readers(void)
{
    g_autoptr(JsonNode) root = json_from_string(
        "{\"s\": \"x\", \"n\": 7, \"b\": true, \"o\": {\"i\": 1}, \"a\": [{\"j\": 2}, 3, null],"
        " \"z\": null, \"d\": 1.5}", NULL);
    static const char *const names[] = { "s", "n", "b", "o", "a", "z", "d", "missing" };
    JsonObject *object = jsonu_node_object(root);
    JsonArray *array = jsonu_array(object, "a");

    g_assert_null(jsonu_node_array(root));
    g_assert_cmpstr(jsonu_string(object, "s", "y"), ==, "x");
    g_assert_cmpint(jsonu_int(object, "n", 0), ==, 7);
    g_assert_true(jsonu_bool(object, "b"));
    g_assert_cmpint(jsonu_int(jsonu_object(object, "o"), "i", 0), ==, 1);
    g_assert_cmpuint(jsonu_count(array), ==, 3);
    g_assert_cmpint(jsonu_int(jsonu_item(array, 0), "j", 0), ==, 2);
    g_assert_null(jsonu_item(array, 1));
    g_assert_null(jsonu_item(array, 2));
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *name = names[i];

        if (*name != 's')
            g_assert_cmpstr(jsonu_string(object, name, "y"), ==, "y");
        if (*name != 'n')
            g_assert_cmpint(jsonu_int(object, name, -5), ==, -5);
        if (*name != 'b')
            g_assert_false(jsonu_bool(object, name));
        if (*name != 'o')
            g_assert_null(jsonu_object(object, name));
        if (*name != 'a')
            g_assert_null(jsonu_array(object, name));
    }
}

static void test_missing(void)
{
    g_assert_cmpstr(jsonu_string(NULL, "s", "y"), ==, "y");
    g_assert_null(jsonu_string(NULL, "s", NULL));
    g_assert_cmpint(jsonu_int(NULL, "n", 3), ==, 3);
    g_assert_false(jsonu_bool(NULL, "b"));
    g_assert_null(jsonu_object(NULL, "o"));
    g_assert_null(jsonu_array(NULL, "a"));
    g_assert_null(jsonu_node_object(NULL));
    g_assert_null(jsonu_node_array(NULL));
    g_assert_cmpuint(jsonu_count(NULL), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-util/numbers", test_numbers);
    g_test_add_func("/json-util/text", test_text);
    g_test_add_func("/json-util/readers", test_readers);
    g_test_add_func("/json-util/missing", test_missing);
    return g_test_run();
}
