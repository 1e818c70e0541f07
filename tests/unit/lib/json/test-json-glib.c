/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <json-glib/json-glib.h>
#include <string.h>

#include "lib/json/writer.h"
#include "tests/unit/kit/kit.h"

/*
 * json-glib as an independent reader and writer: what both sides call JSON
 * means the same to both. Documents are random, but the same ones every time.
 */

#define DOCUMENTS 500
#define SEED 20240601
#define MAX_DEPTH 6

static void compare(JsonNode *node, const Value *value);

static void compare_list(JsonArray *array, const Value *value)
{
    const Value *item = value->items.first;

    g_assert_cmpint(value->kind, ==, VALUE_LIST);
    g_assert_cmpuint(json_array_get_length(array), ==, value->items.len);
    for (guint i = 0; i < json_array_get_length(array); i++, item = item->next)
        compare(json_array_get_element(array, i), item);
    g_assert_null(item);
}

static void compare_object(JsonObject *object, const Value *value)
{
    g_assert_cmpint(value->kind, ==, VALUE_OBJECT);
    g_assert_cmpuint(json_object_get_size(object), ==, value->items.len);
    for (const Value *member = value->items.first; member; member = member->next) {
        g_assert_true(json_object_has_member(object, member->name));
        compare(json_object_get_member(object, member->name), member);
    }
}

static void compare_scalar(JsonNode *node, const Value *value)
{
    switch (value->kind) {
    case VALUE_BOOL:
        g_assert_cmpint(json_node_get_boolean(node), ==, value->boolean);
        break;
    case VALUE_INT:
        g_assert_true(json_node_get_value_type(node) == G_TYPE_INT64);
        g_assert_cmpint(json_node_get_int(node), ==, value->integer);
        break;
    case VALUE_DOUBLE:
        g_assert_true(json_node_get_value_type(node) == G_TYPE_DOUBLE);
        g_assert_true(json_node_get_double(node) == value->number);
        break;
    case VALUE_STRING:
        g_assert_cmpstr(json_node_get_string(node), ==, value->string.text);
        g_assert_cmpuint(strlen(value->string.text), ==, value->string.len);
        break;
    default:
        g_assert_not_reached();
    }
}

static void compare(JsonNode *node, const Value *value)
{
    switch (json_node_get_node_type(node)) {
    case JSON_NODE_OBJECT:
        compare_object(json_node_get_object(node), value);
        break;
    case JSON_NODE_ARRAY:
        compare_list(json_node_get_array(node), value);
        break;
    case JSON_NODE_NULL:
        g_assert_cmpint(value->kind, ==, VALUE_NULL);
        break;
    case JSON_NODE_VALUE:
        compare_scalar(node, value);
        break;
    }
}

static void check_text(const char *text)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(JsonNode) node = json_from_string(text, &error);
    g_autoptr(JsonNode) again = NULL;
    g_autoptr(GString) written = g_string_new(NULL);
    Value *value = kit_value(arena, text);

    g_assert_no_error(error);
    compare(node, value);
    /* What we write means the same, too. */
    json_append_value(written, value);
    again = json_from_string(written->str, &error);
    g_assert_no_error(error);
    g_assert_true(json_node_equal(node, again));
}

static void append_random_string(GRand *random, GString *out)
{
    static const char *const pieces[] = {
        "a", "Z", "0", " ", "/", "'", "\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t",
        "\\u0041", "\\u00e9", "\\u20AC", "\\uD83D\\uDE00", "\xC3\xA9", "\xE2\x82\xAC",
        "\xF0\x9F\x98\x80", "\x7F", "{", "]", ",", ":", "null",
    };
    gint n = g_rand_int_range(random, 0, 8);

    g_string_append_c(out, '"');
    while (n-- > 0)
        g_string_append(out, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
    g_string_append_c(out, '"');
}

static void append_random_double(GRand *random, GString *out)
{
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    double value = g_rand_double_range(random, -1, 1);

    g_string_append(out, g_ascii_formatd(text, sizeof text, "%.17e", value));
}

static void append_random(GRand *random, guint depth, GString *out);

static void append_random_items(GRand *random, guint depth, gboolean named, GString *out)
{
    gint n = g_rand_int_range(random, 0, named ? 24 : 5);

    for (gint i = 0; i < n; i++) {
        if (i)
            g_string_append(out, g_rand_boolean(random) ? "," : " ,\n");
        if (named)
            g_string_append_printf(out, "\"m%d\\u00e9\"\t: ", i);
        append_random(random, depth + (named ? 3 : 1), out);
    }
}

static void append_random(GRand *random, guint depth, GString *out)
{
    switch (g_rand_int_range(random, depth >= MAX_DEPTH ? 2 : 0, 8)) {
    case 0:
        g_string_append_c(out, '[');
        append_random_items(random, depth, FALSE, out);
        g_string_append_c(out, ']');
        break;
    case 1:
        g_string_append_c(out, '{');
        append_random_items(random, depth, TRUE, out);
        g_string_append_c(out, '}');
        break;
    case 2:
        g_string_append_printf(out, "%d", g_rand_int_range(random, -1000, 1000));
        break;
    case 3:
        g_string_append_printf(out, "%" G_GINT64_FORMAT,
                               (gint64)((guint64)g_rand_int(random) << 32 | g_rand_int(random)));
        break;
    case 4:
        append_random_double(random, out);
        break;
    case 5:
        g_string_append(out, g_rand_boolean(random) ? "true" : "false");
        break;
    case 6:
        g_string_append(out, "null");
        break;
    default:
        append_random_string(random, out);
    }
}

static void test_random(void)
{
    GRand *random = g_rand_new_with_seed(SEED);

    for (guint i = 0; i < DOCUMENTS; i++) {
        g_autoptr(GString) text = g_string_new("[");

        append_random(random, 0, text);
        g_string_append_c(text, ']');
        check_text(text->str);
    }
    g_rand_free(random);
}

static void test_edges(void)
{
    static const char *const texts[] = {
        "[9223372036854775807,-9223372036854775808,0,-1]",
        "[1.7976931348623157e308,5e-324,0.1,1e5,1E+5,123456.789e-10]",
        "[[],{},\"\",[[]],{\"\":{}}]",
        "{\"a\":{\"b\":{\"c\":[null,true,false]}}}",
        "[\"\\uFFFD\\uD800\\uDC00\\uDBFF\\uDFFD\"]",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++)
        check_text(texts[i]);
}

/* Every character of Unicode that JSON may carry. */
static void test_every_character(void)
{
    for (gunichar first = 1; first < 0x110000; first += 0x400) {
        g_autoptr(GString) text = g_string_new(NULL);
        g_autoptr(GString) out = g_string_new(NULL);
        g_autoptr(JsonNode) node = NULL;

        for (gunichar c = first; c < first + 0x400 && c < 0x110000; c++)
            if (g_unichar_validate(c) && (c & 0xFFFE) != 0xFFFE && !(c >= 0xFDD0 && c <= 0xFDEF))
                g_string_append_unichar(text, c);
        json_append_text(out, text->str, text->len);
        for (gsize i = 0; i < out->len; i++)
            g_assert_true(out->str[i] >= 0x20 && out->str[i] < 0x7F);
        node = json_from_string(out->str, NULL);
        g_assert_cmpstr(json_node_get_string(node), ==, text->str);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/json-glib/edges", test_edges);
    g_test_add_func("/json-glib/random", test_random);
    g_test_add_func("/json-glib/every-character", test_every_character);
    return g_test_run();
}
