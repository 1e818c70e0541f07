/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/schema/schema-check.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/sample-types.h"

/* Filling, writing, blanking and checking by the tables of sample-types.c. */

static gboolean fill_text(Arena *arena, const char *text, Sample *sample, GError **error)
{
    const Value *value = text ? kit_value(arena, text) : NULL;

    *sample = (Sample){ 0 };
    return schema_fill(&sample_type, value, arena, sample, error);
}

static void test_fill_required(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    Sample s;

    g_assert_true(fill_text(arena, "{\"int\":-5,\"name\":\"x\\u0000y\"}", &s, &error));
    g_assert_no_error(error);
    g_assert_cmpint(s.number, ==, -5);
    g_assert_cmpstr(s.name, ==, "x\xC0\x80y");
    g_assert_false(s.has_size || s.has_ratio || s.has_on || s.has_mode || s.has_words);
    g_assert_false(s.has_inner || s.has_rows || s.has_whence || s.has_capture);
    g_assert_null(s.note);
    g_assert_null(s.password);
}

static void test_fill_all(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    Sample s;

    g_assert_true(fill_text(arena, sample_text, &s, &error));
    g_assert_no_error(error);
    g_assert_true(s.has_size && s.has_ratio && s.has_on && s.has_mode && s.has_words);
    g_assert_true(s.has_inner && s.has_rows && s.has_whence && s.has_capture);
    g_assert_cmpuint(s.size, ==, G_MAXUINT64);
    g_assert_true(s.ratio == 0.5);
    g_assert_true(s.on);
    g_assert_cmpint(s.mode, ==, 1);
    g_assert_cmpstr(s.note, ==, "n");
    g_assert_cmpuint(s.words.len, ==, 2);
    g_assert_cmpstr(*list_at(&s.words, char *, 1), ==, "b");
    g_assert_cmpint(s.inner.deep.x, ==, 7);
    g_assert_cmpuint(s.rows.len, ==, 2);
    g_assert_cmpint(list_at(&s.rows, Row, 0)->logical_id, ==, 0);
    g_assert_false(list_at(&s.rows, Row, 0)->has_online);
    g_assert_true(list_at(&s.rows, Row, 1)->has_online);
    g_assert_true(list_at(&s.rows, Row, 1)->online);
    g_assert_true(s.whence.is_choice);
    g_assert_cmpint(s.whence.choice, ==, 2);
    g_assert_false(s.capture.is_choice);
    g_assert_cmpint(s.capture.number, ==, 1);
}

static void test_fill_numbers(void)
{
    static const struct {
        const char *text;
        guint64 size;
        double ratio;
    } cases[] = {
        { "{\"int\":1,\"name\":\"\",\"size\":0,\"ratio\":0}", 0, 0 },
        { "{\"int\":1,\"name\":\"\",\"size\":-1,\"ratio\":-1}", G_MAXUINT64, -1 },
        { "{\"int\":1,\"name\":\"\",\"size\":-9223372036854775808,\"ratio\":1e3}",
          G_GUINT64_CONSTANT(1) << 63, 1000 },
        { "{\"int\":1,\"name\":\"\",\"size\":9223372036854775808,\"ratio\":18446744073709551615}",
          G_GUINT64_CONSTANT(1) << 63, 18446744073709551615.0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new();
        Sample s;

        g_assert_true(fill_text(arena, cases[i].text, &s, NULL));
        g_assert_cmpuint(s.size, ==, cases[i].size);
        g_assert_true(s.ratio == cases[i].ratio);
    }
}

static void test_fill_alternates(void)
{
    g_autoptr(Arena) arena = arena_new();
    Sample s;

    g_assert_true(fill_text(arena,
                            "{\"int\":1,\"name\":\"\",\"whence\":-3,\"capture\":\"none\"}", &s,
                            NULL));
    g_assert_false(s.whence.is_choice);
    g_assert_cmpint(s.whence.number, ==, -3);
    g_assert_true(s.capture.is_choice);
    g_assert_cmpint(s.capture.choice, ==, 0);
    g_assert_true(fill_text(arena, "{\"int\":1,\"name\":\"\",\"capture\":false}", &s, NULL));
    g_assert_cmpint(s.capture.number, ==, 0);
    g_assert_false(s.has_whence);
}

static const struct {
    const char *text; /* the members besides "int" and "name"; NULL: no arguments at all */
    const char *error;
} faults[] = {
    { "size\":\"1\"", "Parameter 'size' expects uint64" },
    { "size\":1.0", "Parameter 'size' expects uint64" },
    { "size\":null", "Parameter 'size' expects uint64" },
    { "size\":18446744073709551616", "Parameter 'size' expects uint64" },
    { "ratio\":\"1\"", "Invalid parameter type for 'ratio', expected: number" },
    { "ratio\":null", "Invalid parameter type for 'ratio', expected: number" },
    { "on\":1", "Invalid parameter type for 'on', expected: boolean" },
    { "on\":null", "Invalid parameter type for 'on', expected: boolean" },
    { "mode\":\"halt\"", "Parameter 'mode' does not accept value 'halt'" },
    { "mode\":\"\"", "Parameter 'mode' does not accept value ''" },
    { "mode\":1", "Invalid parameter type for 'mode', expected: string" },
    { "note\":null", "Invalid parameter type for 'note', expected: string" },
    { "words\":\"a\"", "Invalid parameter type for 'words', expected: array" },
    { "words\":{}", "Invalid parameter type for 'words', expected: array" },
    { "words\":[1]", "Invalid parameter type for 'words[0]', expected: string" },
    { "words\":[\"a\",\"b\",null]", "Invalid parameter type for 'words[2]', expected: string" },
    { "inner\":[]", "Invalid parameter type for 'inner', expected: object" },
    { "inner\":{}", "Parameter 'inner.deep' is missing" },
    { "inner\":{\"deep\":{}}", "Parameter 'inner.deep.x' is missing" },
    { "inner\":{\"deep\":{\"x\":\"\"}}",
      "Invalid parameter type for 'inner.deep.x', expected: integer" },
    { "inner\":{\"deep\":{\"x\":1,\"y\":2}}", "Parameter 'inner.deep.y' is unexpected" },
    { "inner\":{\"deep\":{\"x\":1},\"z\":2}", "Parameter 'inner.z' is unexpected" },
    { "rows\":[7]", "Invalid parameter type for 'rows[0]', expected: object" },
    { "rows\":[{}]", "Parameter 'rows[0].logical-id' is missing" },
    { "rows\":[{\"logical-id\":1},{\"logical-id\":true}]",
      "Invalid parameter type for 'rows[1].logical-id', expected: integer" },
    { "rows\":[{\"logical-id\":1,\"online\":0}]",
      "Invalid parameter type for 'rows[0].online', expected: boolean" },
    { "rows\":[{\"logical-id\":1,\"offline\":0}]", "Parameter 'rows[0].offline' is unexpected" },
    { "whence\":true", "Invalid parameter type for 'whence', expected: SampleWhence" },
    { "whence\":1.0", "Invalid parameter type for 'whence', expected: integer" },
    { "whence\":18446744073709551615", "Invalid parameter type for 'whence', expected: integer" },
    { "whence\":\"middle\"", "Parameter 'whence' does not accept value 'middle'" },
    { "capture\":1", "Invalid parameter type for 'capture', expected: SampleCapture" },
    { "capture\":null", "Invalid parameter type for 'capture', expected: SampleCapture" },
    { "capture\":\"some\"", "Parameter 'capture' does not accept value 'some'" },
    { "foo\":1", "Parameter 'foo' is unexpected" },
    { "\":1", "Parameter '' is unexpected" },
    { "Size\":1", "Parameter 'Size' is unexpected" },
    /* Declared members are looked at first, in their order. */
    { "foo\":1,\"on\":1,\"size\":\"\"", "Parameter 'size' expects uint64" },
};

static void test_faults(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(Arena) arena = arena_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *text =
            g_strdup_printf("{\"int\":1,\"name\":\"\",\"%s}", faults[i].text);
        Sample s;

        g_assert_false(fill_text(arena, text, &s, &error));
        kit_expect_error(&error, faults[i].error);
    }
}

static void test_required_faults(void)
{
    static const char *const cases[][2] = {
        { NULL, "Parameter 'int' is missing" },
        { "{}", "Parameter 'int' is missing" },
        { "{\"name\":1}", "Parameter 'int' is missing" },
        { "{\"int\":1}", "Parameter 'name' is missing" },
        { "{\"int\":null,\"name\":\"\"}", "Invalid parameter type for 'int', expected: integer" },
        { "{\"int\":42.0,\"name\":\"\"}", "Invalid parameter type for 'int', expected: integer" },
        { "{\"int\":9223372036854775808,\"name\":\"\"}",
          "Invalid parameter type for 'int', expected: integer" },
        { "{\"int\":1,\"name\":true}", "Invalid parameter type for 'name', expected: string" },
        { "{\"int\":\"1\",\"name\":1}", "Invalid parameter type for 'int', expected: integer" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Arena) arena = arena_new();
        g_autoptr(GError) error = NULL;
        Sample s;

        g_assert_false(fill_text(arena, cases[i][0], &s, &error));
        kit_expect_error(&error, cases[i][1]);
    }
}

static const Type modes = { .kind = TYPE_LIST, .size = sizeof(List), .item = &sample_mode };
static const Type modes_type = {
    .kind = TYPE_OBJECT,
    .size = sizeof(List),
    .fields = (const Field[]){
        { .name = "modes", .type = &modes, .has_offset = FIELD_NO_HAS },
        FIELDS_END,
    },
};

/* An element of a list has no name of its own to tell. */
static void test_fault_in_enum_list(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    List list = { NULL };

    g_assert_false(schema_fill(&modes_type, kit_value(arena, "{\"modes\":[\"fast\",\"x\"]}"), arena,
                               &list, &error));
    kit_expect_error(&error, "Parameter 'null' does not accept value 'x'");
}

static void expect_dump(const Sample *s, gboolean blank, const char *wanted)
{
    g_autoptr(GString) out = g_string_new(NULL);

    schema_dump(&sample_type, s, blank, out);
    g_assert_cmpstr(out->str, ==, wanted);
}

static void test_dump(void)
{
    g_autoptr(Arena) arena = arena_new();
    Sample s;

    g_assert_true(fill_text(arena, sample_text, &s, NULL));
    expect_dump(&s, FALSE, sample_text);
    g_assert_true(fill_text(arena, "{\"name\":\"\",\"int\":1}", &s, NULL));
    expect_dump(&s, FALSE, "{\"int\": 1, \"name\": \"\"}");
    expect_dump(&s, TRUE, "{\"int\": 1, \"name\": \"\"}");
    g_assert_true(fill_text(arena,
                            "{\"int\":1,\"name\":\"\",\"words\":[],\"rows\":[],\"whence\":5,"
                            "\"capture\":\"none\"}",
                            &s, NULL));
    expect_dump(&s, FALSE,
                "{\"int\": 1, \"name\": \"\", \"words\": [], \"rows\": [], \"whence\": 5, "
                "\"capture\": \"none\"}");
}

static void test_dump_blanked(void)
{
    static const char text[] = "{\"int\":1,\"name\":\"n\",\"password\":\"hush\","
                               "\"inner\":{\"deep\":{\"x\":1},\"key\":\"hush\"},"
                               "\"rows\":[{\"logical-id\":1,\"token\":\"hush\"}]}";
    g_autoptr(Arena) arena = arena_new();
    Sample s;

    g_assert_true(fill_text(arena, text, &s, NULL));
    expect_dump(&s, TRUE,
                "{\"int\": 1, \"name\": \"n\", "
                "\"inner\": {\"deep\": {\"x\": 1}, \"key\": \"***\"}, "
                "\"rows\": [{\"logical-id\": 1, \"token\": \"***\"}], \"password\": \"***\"}");
}

static void check_blanked(const char *text, const char *wanted)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GString) out = g_string_new(NULL);

    schema_blank_value(&sample_type, kit_value(arena, text), out);
    g_assert_null(strstr(out->str, "hush"));
    if (wanted)
        g_assert_cmpstr(out->str, ==, wanted);
}

static void test_blank(void)
{
    check_blanked("{}", "{}");
    check_blanked("{\"int\":\"x\",\"password\":\"hush\"}",
                  "{\"int\": \"x\", \"password\": \"***\"}");
    check_blanked("{\"password\":{\"a\":[\"hush\"]},\"words\":[\"a\"]}",
                  "{\"password\": \"***\", \"words\": [\"a\"]}");
    check_blanked("{\"rows\":[{\"token\":\"hush\",\"logical-id\":1},{\"tokn\":\"hush\"}]}",
                  "{\"rows\": [{\"token\": \"***\", \"logical-id\": 1}, {\"tokn\": \"***\"}]}");
    check_blanked("{\"pasword\":\"hush\",\"inner\":{\"key\":null}}",
                  "{\"pasword\": \"***\", \"inner\": {\"key\": \"***\"}}");
}

/* A request of the wrong shape may carry a secret all the same. */
static void test_blank_misshapen(void)
{
    check_blanked("{\"rows\":{\"token\":\"hush\"}}", NULL);
    check_blanked("{\"inner\":[{\"key\":\"hush\"}]}", NULL);
    check_blanked("{\"rows\":[[{\"token\":\"hush\"}]]}", NULL);
    check_blanked("{\"int\":{\"password\":\"hush\"}}", NULL);
}

static void test_check(void)
{
    static const char *const cases[][2] = {
        { "{\"int\":1}", "name: missing" },
        { "{\"int\":1,\"name\":\"\",\"bar\":1}", "bar: undeclared" },
        { "{\"int\":1.5,\"name\":\"\"}", "int: not of type integer" },
        { "{\"int\":1,\"name\":\"\",\"size\":-1}", "size: not of type uint64" },
        { "{\"int\":1,\"name\":\"\",\"rows\":[{\"logical-id\":\"\"}]}",
          "rows: logical-id: not of type integer" },
        { "{\"int\":1,\"name\":\"\",\"mode\":\"x\"}", "mode: not of type string" },
        { "{\"int\":1,\"name\":\"\",\"inner\":{\"deep\":1}}", "inner: deep: not of type object" },
        { "[]", "not of type object" },
    };
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;

    g_assert_true(schema_check(&sample_type, kit_value(arena, sample_text), &error));
    g_assert_no_error(error);
    g_assert_true(schema_check(&sample_type, kit_value(arena, "{\"int\":1,\"name\":\"\"}"), NULL));
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_assert_false(schema_check(&sample_type, kit_value(arena, cases[i][0]), &error));
        kit_expect_error(&error, cases[i][1]);
    }
}

static void test_field(void)
{
    g_assert_cmpstr(schema_field(&sample_type, "name")->name, ==, "name");
    g_assert_true(schema_field(&sample_type, "password")->flags & FIELD_SECRET);
    g_assert_null(schema_field(&sample_type, "nam"));
    g_assert_null(schema_field(&sample_type, ""));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/schema/fill/required", test_fill_required);
    g_test_add_func("/schema/fill/all", test_fill_all);
    g_test_add_func("/schema/fill/numbers", test_fill_numbers);
    g_test_add_func("/schema/fill/alternates", test_fill_alternates);
    g_test_add_func("/schema/fill/faults", test_faults);
    g_test_add_func("/schema/fill/required-faults", test_required_faults);
    g_test_add_func("/schema/fill/enum-list", test_fault_in_enum_list);
    g_test_add_func("/schema/dump/plain", test_dump);
    g_test_add_func("/schema/dump/blanked", test_dump_blanked);
    g_test_add_func("/schema/blank/shaped", test_blank);
    g_test_add_func("/schema/check", test_check);
    g_test_add_func("/schema/field", test_field);
    g_test_add_func("/schema/blank/misshapen", test_blank_misshapen);
    return g_test_run();
}
