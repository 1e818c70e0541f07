/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "lib/json/reader.h"
#include "lib/json/writer.h"
#include "tests/unit/kit/kit.h"

/* What the reader takes, shown as the writer writes it; its faults are test-reader-faults.c. */

typedef struct {
    const char *name;
    const char *text;
    const char *wanted;
} Case;

static const Case values[] = {
    { "null", "null", "null" },
    { "booleans", "[true, false]", "[true, false]" },
    { "blanks", " \t\r\n[ 1\n,\t2\r] \n", "[1, 2]" },
    { "empty", "[[], {}, \"\"]", "[[], {}, \"\"]" },
    { "object", "{\"b\":1,\"a\":{\"c\":[null]}}", "{\"b\": 1, \"a\": {\"c\": [null]}}" },
    { "single-quotes", "{'a':'b\"c'}", "{\"a\": \"b\\\"c\"}" },
    { "apostrophe", "\"it's \\'so\\'\"", "\"it's 'so'\"" },
    { "escapes", "\"\\\"\\'\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"'\\\\/\\b\\f\\n\\r\\t\"" },
    { "empty-name", "{\"\":1}", "{\"\": 1}" },
    { "escaped-name", "{\"\\u0061\\n\":1}", "{\"a\\n\": 1}" },
    { "unicode", "\"\\u00e9\\u20AC\\uD83d\\uDe00\"", "\"\\u00E9\\u20AC\\uD83D\\uDE00\"" },
    { "utf-8", "\"\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"", "\"\\u00E9\\u20AC\\uD83D\\uDE00\"" },
    { "nul", "\"a\\u0000b\xC0\x80\"", "\"a\\u0000b\\u0000\"" },
    { "del", "\"\x7F\"", "\"\\u007F\"" },
    { "byte-order-mark", "\"\\ufeff\xEF\xBB\xBF\"", "\"\\uFEFF\\uFEFF\"" },
    { "replacement", "\"\\ufffd\xEF\xBF\xBD\"", "\"\\uFFFD\\uFFFD\"" },
    { "last-character", "\"\\udbff\\udffd\"", "\"\\uDBFF\\uDFFD\"" },
    { "keyword-in-list", "[null,true,false]", "[null, true, false]" },
    { "integers", "[0,-0,7,-12]", "[0, 0, 7, -12]" },
    { "int64-edges", "[9223372036854775807,-9223372036854775808]",
      "[9223372036854775807, -9223372036854775808]" },
    { "uint64", "[9223372036854775808,18446744073709551615]",
      "[9223372036854775808, 18446744073709551615]" },
    { "beyond-64-bits", "[18446744073709551616,-9223372036854775809]",
      "[1.8446744073709552e+19, -9.2233720368547758e+18]" },
    { "doubles", "[42.0,0.05,1e5,1E+5,1e-5,-0.0,1.5e3]",
      "[42, 0.050000000000000003, 100000, 100000, 1.0000000000000001e-05, -0, 1500]" },
    { "large-doubles", "[1e16,1e17,1e-400]", "[10000000000000000, 1e+17, 0]" },
};

/* Reads @text from a buffer of its own size; the tree lives in @arena. */
static Value *read_text(Arena *arena, const char *text, GError **error)
{
    gsize len = strlen(text);
    char *copy = g_memdup2(text, len + 1);

    arena_adopt(arena, copy);
    return json_read(arena, copy, len, error);
}

static void test_value(gconstpointer data)
{
    const Case *c = data;
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) out = g_string_new(NULL);
    Value *value = read_text(arena, c->text, &error);

    g_assert_no_error(error);
    json_append_value(out, value);
    g_assert_cmpstr(out->str, ==, c->wanted);
}

/* Which of the number kinds a literal becomes. */
static void test_number_kinds(void)
{
    static const struct {
        const char *text;
        ValueKind kind;
    } numbers[] = {
        { "0", VALUE_INT },
        { "-0", VALUE_INT },
        { "9223372036854775807", VALUE_INT },
        { "-9223372036854775808", VALUE_INT },
        { "9223372036854775808", VALUE_UINT },
        { "18446744073709551615", VALUE_UINT },
        { "18446744073709551616", VALUE_DOUBLE },
        { "-9223372036854775809", VALUE_DOUBLE },
        { "1.0", VALUE_DOUBLE },
        { "1e2", VALUE_DOUBLE },
        { "100000000000000000000000000000", VALUE_DOUBLE },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_autoptr(Arena) arena = arena_new();

        g_assert_cmpint(kit_value(arena, numbers[i].text)->kind, ==, numbers[i].kind);
    }
}

static void test_doubles(void)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *item = kit_value(arena, "[1.7976931348623157e308,5e-324,1e400,-1e400,0.1]")
                            ->items.first;
    const double wanted[] = { G_MAXDOUBLE, 5e-324, INFINITY, -INFINITY, 0.1 };

    for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++, item = item->next)
        g_assert_true(item->number == wanted[i]);
}

/* Strings and names lie in the text itself. */
static void test_in_place(void)
{
    g_autoptr(Arena) arena = arena_new();
    char text[] = "{\"name\": \"a\\u00e9\\n\", 'b': 'c'}";
    const char *end = text + sizeof text;
    Value *value = json_read(arena, text, sizeof text - 1, NULL);
    Value *first = value->items.first;

    g_assert_cmpstr(first->name, ==, "name");
    g_assert_true(first->name > text && first->name < end);
    g_assert_cmpstr(first->string.text, ==, "a\xC3\xA9\n");
    g_assert_cmpuint(first->string.len, ==, 4);
    g_assert_true(first->string.text > text && first->string.text < end);
    g_assert_cmpstr(first->next->string.text, ==, "c");
    g_assert_null(first->next->next);
    g_assert_true(value->items.last == first->next);
    g_assert_cmpuint(value->items.len, ==, 2);
}

/* A number at the very end is read without what follows in memory. */
static void test_number_at_end(void)
{
    g_autoptr(Arena) arena = arena_new();
    char text[] = "12\0" "34";

    g_assert_cmpint(json_read(arena, text, 2, NULL)->integer, ==, 12);
    g_assert_cmpstr(text, ==, "12");
}

static GString *nested(guint depth, const char *open, const char *inside, const char *close)
{
    GString *text = g_string_new(NULL);

    for (guint i = 0; i < depth; i++)
        g_string_append(text, open);
    g_string_append(text, inside);
    for (guint i = 0; i < depth; i++)
        g_string_append(text, close);
    return text;
}

static void check_depth(const char *open, const char *inside, const char *close)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = nested(1024, open, inside, close);
    g_autoptr(GString) deeper = nested(1025, open, inside, close);
    g_autoptr(GString) out = g_string_new(NULL);
    Value *value = read_text(arena, text->str, &error);

    g_assert_no_error(error);
    json_append_value(out, value);
    g_assert_cmpstr(out->str, ==, text->str);
    g_assert_null(read_text(arena, deeper->str, &error));
    g_assert_nonnull(error);
}

static void test_depth(void)
{
    check_depth("[", "", "]");
    check_depth("{\"a\": ", "1", "}");
}

static GString *object_of(guint members, const char *more)
{
    GString *text = g_string_new("{");

    for (guint i = 0; i < members; i++)
        g_string_append_printf(text, "%s\"k%u\": %u", i ? ", " : "", i, i);
    g_string_append_printf(text, "%s}", more);
    return text;
}

/* Objects below and above the size from which names are indexed. */
static void test_many_members(void)
{
    const guint sizes[] = { 1, 2, 15, 16, 17, 18, 1000 };

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(Arena) arena = arena_new();
        g_autoptr(GError) error = NULL;
        g_autoptr(GString) text = object_of(sizes[i], "");
        g_autofree char *last = g_strdup_printf(", \"k%u\": 0", sizes[i] - 1);
        g_autoptr(GString) twice = object_of(sizes[i], last);
        g_autoptr(GString) first_twice = object_of(sizes[i], ", \"k0\": 0");
        g_autoptr(GString) out = g_string_new(NULL);

        json_append_value(out, read_text(arena, text->str, &error));
        g_assert_no_error(error);
        g_assert_cmpstr(out->str, ==, text->str);
        g_assert_null(read_text(arena, twice->str, &error));
        kit_expect_error(&error, "JSON parse error, duplicate key");
        g_assert_null(read_text(arena, first_twice->str, &error));
        kit_expect_error(&error, "JSON parse error, duplicate key");
    }
}

/* Comparing each name with each other would take minutes here. */
static void test_very_many_members(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = object_of(200000, ", \"k199999\": 0");

    g_test_timer_start();
    g_assert_null(read_text(arena, text->str, &error));
    kit_expect_error(&error, "JSON parse error, duplicate key");
    g_assert_cmpfloat(g_test_timer_elapsed(), <, 20);
}

/* An index belongs to one object, also when objects nest. */
static void test_nested_large_objects(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) inner = object_of(20, "");
    g_autofree char *more = g_strdup_printf(", \"in\": %s, \"k20\": [%s]", inner->str, inner->str);
    g_autoptr(GString) text = object_of(20, more);
    g_autofree char *again = g_strdup_printf("%s, \"k7\": 1", more);
    g_autoptr(GString) twice = object_of(20, again);
    Value *value = read_text(arena, text->str, &error);

    g_assert_no_error(error);
    g_assert_cmpuint(value->items.len, ==, 22);
    g_assert_cmpuint(value_member(value, "in")->items.len, ==, 20);
    g_assert_null(value_member(value, "k21"));
    g_assert_null(read_text(arena, twice->str, &error));
    kit_expect_error(&error, "JSON parse error, duplicate key");
}

/* Long strings are taken in blocks: what needs a closer look is found at each place of one. */
static void test_every_place(void)
{
    static const struct { const char *text, *meaning; } pieces[] = {
        { "\\n", "\n" }, { "\\u00e9", "\xC3\xA9" }, { "\xC3\xA9", "\xC3\xA9" }, { "'", "'" },
        { "\\\"", "\"" }, { "\xC0\x80", "\xC0\x80" },
    };

    for (gsize at = 0; at < 200; at++) {
        for (gsize i = 0; i < G_N_ELEMENTS(pieces); i++) {
            g_autoptr(Arena) arena = arena_new();
            g_autofree char *before = g_strnfill(at, 'x'), *after = g_strnfill(200 - at, 'y');
            g_autofree char *text = g_strconcat("\"", before, pieces[i].text, after, "\"", NULL);
            g_autofree char *wanted = g_strconcat(before, pieces[i].meaning, after, NULL);
            g_autoptr(GError) error = NULL;
            Value *value = read_text(arena, text, &error);

            g_assert_no_error(error);
            g_assert_cmpstr(value->string.text, ==, wanted);
            g_assert_cmpuint(value->string.len, ==, strlen(wanted));
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autofree char *path = g_strdup_printf("/reader/value/%s", values[i].name);

        g_test_add_data_func(path, &values[i], test_value);
    }
    g_test_add_func("/reader/number-kinds", test_number_kinds);
    g_test_add_func("/reader/doubles", test_doubles);
    g_test_add_func("/reader/in-place", test_in_place);
    g_test_add_func("/reader/number-at-end", test_number_at_end);
    g_test_add_func("/reader/depth", test_depth);
    g_test_add_func("/reader/every-place", test_every_place);
    g_test_add_func("/reader/many-members", test_many_members);
    g_test_add_func("/reader/very-many-members", test_very_many_members);
    g_test_add_func("/reader/nested-large-objects", test_nested_large_objects);
    return g_test_run();
}
