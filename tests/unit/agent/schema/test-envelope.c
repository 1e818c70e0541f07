/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/schema/envelope.h"
#include "lib/errors.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/sample-types.h"

/* Requests apart, replies together; with QEMU's order of complaints. */

static const char *const faults[][2] = {
    { "[1]", "QMP input must be a JSON object" },
    { "123", "QMP input must be a JSON object" },
    { "\"x\"", "QMP input must be a JSON object" },
    { "true", "QMP input must be a JSON object" },
    { "null", "QMP input must be a JSON object" },
    { "{}", "QMP input lacks member 'execute'" },
    { "{\"id\":1}", "QMP input lacks member 'execute'" },
    { "{\"arguments\":{}}", "QMP input lacks member 'execute'" },
    { "{\"execute\":1}", "QMP input member 'execute' must be a string" },
    { "{\"execute\":null}", "QMP input member 'execute' must be a string" },
    { "{\"execute\":{},\"arguments\":1}", "QMP input member 'execute' must be a string" },
    { "{\"foo\":1,\"execute\":1}", "QMP input member 'execute' must be a string" },
    { "{\"execute\":\"a\",\"arguments\":1}", "QMP input member 'arguments' must be an object" },
    { "{\"execute\":\"a\",\"arguments\":null}", "QMP input member 'arguments' must be an object" },
    { "{\"arguments\":[]}", "QMP input member 'arguments' must be an object" },
    { "{\"arguments\":1,\"foo\":1}", "QMP input member 'arguments' must be an object" },
    { "{\"execute\":\"a\",\"foo\":1}", "QMP input member 'foo' is unexpected" },
    { "{\"foo\":1}", "QMP input member 'foo' is unexpected" },
    { "{\"\":1}", "QMP input member '' is unexpected" },
    { "{\"execute\":\"a\",\"control\":{}}", "QMP input member 'control' is unexpected" },
    { "{\"exec-oob\":\"a\"}", "QMP input member 'exec-oob' is unexpected" },
    { "{\"execute\":1,\"exec-oob\":\"a\"}", "QMP input member 'exec-oob' is unexpected" },
    { "{\"execute\":1,\"control\":1,\"exec-oob\":1}", "QMP input member 'exec-oob' is unexpected" },
    { "{\"execute\":1,\"control\":1}", "QMP input member 'control' is unexpected" },
};

static void test_faults(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        g_autoptr(Arena) arena = arena_new();
        g_autoptr(GError) error = NULL;
        Request request;

        g_assert_false(envelope_read(kit_value(arena, faults[i][0]), &request, &error));
        g_assert_cmpstr(envelope_error_class(error), ==, "GenericError");
        kit_expect_error(&error, faults[i][1]);
    }
}

static void test_request(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    Request request;

    g_assert_true(envelope_read(
        kit_value(arena, "{\"id\":null,\"arguments\":{\"a\":1},\"execute\":\"x\\u0000y\"}"),
        &request, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(request.execute, ==, "x\xC0\x80y");
    g_assert_cmpuint(request.arguments->items.len, ==, 1);
    g_assert_cmpint(request.id->kind, ==, VALUE_NULL);
    g_assert_true(envelope_read(kit_value(arena, "{\"execute\":\"\"}"), &request, &error));
    g_assert_null(request.arguments);
    g_assert_null(request.id);
}

/* The id is known even where the rest is at fault. */
static void test_id_of_fault(void)
{
    g_autoptr(Arena) arena = arena_new();
    Request request;

    g_assert_false(envelope_read(kit_value(arena, "{\"foo\":1,\"id\":7}"), &request, NULL));
    g_assert_cmpint(request.id->integer, ==, 7);
    g_assert_false(envelope_read(kit_value(arena, "[{\"id\":7}]"), &request, NULL));
    g_assert_null(request.id);
}

static void expect_return(const Type *type, const void *result, const char *id, const char *wanted)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GString) line = envelope_return(type, result, id ? kit_value(arena, id) : NULL);

    g_assert_cmpstr(line->str, ==, wanted);
}

static void test_return(void)
{
    const gint64 number = -5;
    const Deep deep = { 3 };
    const Field *field = schema_field(schema_field(&sample_type, "inner")->type, "deep");

    expect_return(NULL, NULL, NULL, "{\"return\": {}}\n");
    expect_return(NULL, NULL, "\"x\"", "{\"return\": {}, \"id\": \"x\"}\n");
    expect_return(&type_int, &number, NULL, "{\"return\": -5}\n");
    expect_return(field->type, &deep, "{\"a\":[0.5,null]}",
                  "{\"return\": {\"x\": 3}, \"id\": {\"a\": [0.5, null]}}\n");
}

/* Numbers come back as QEMU prints them. */
static void test_number_ids(void)
{
    static const char *const ids[][2] = {
        { "-0", "0" },
        { "-0.0", "-0" },
        { "9223372036854775808", "9223372036854775808" },
        { "18446744073709551616", "1.8446744073709552e+19" },
        { "-9223372036854775809", "-9.2233720368547758e+18" },
        { "1e5", "100000" },
        { "1e16", "10000000000000000" },
        { "1e17", "1e+17" },
        { "1e-5", "1.0000000000000001e-05" },
        { "1e-400", "0" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(ids); i++) {
        g_autofree char *wanted = g_strdup_printf("{\"return\": {}, \"id\": %s}\n", ids[i][1]);

        expect_return(NULL, NULL, ids[i][0], wanted);
    }
}

static void test_error(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) generic = g_error_new_literal(GUESTD_ERROR, GUESTD_ERROR_FAILED, "a\n\xFF");
    g_autoptr(GError) unknown =
        g_error_new_literal(GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND, "\"b\"");
    g_autoptr(GError) foreign = g_error_new_literal(G_FILE_ERROR, G_FILE_ERROR_NOENT, "c");
    g_autoptr(GString) first = envelope_error(generic, NULL);
    g_autoptr(GString) second = envelope_error(unknown, kit_value(arena, "[1]"));
    g_autoptr(GString) third = envelope_error(foreign, NULL);

    g_assert_cmpstr(first->str, ==,
                    "{\"error\": {\"class\": \"GenericError\", \"desc\": \"a\\n\\uFFFD\"}}\n");
    g_assert_cmpstr(second->str, ==,
                    "{\"id\": [1], \"error\": {\"class\": \"CommandNotFound\", "
                    "\"desc\": \"\\\"b\\\"\"}}\n");
    g_assert_cmpstr(third->str, ==,
                    "{\"error\": {\"class\": \"GenericError\", \"desc\": \"c\"}}\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/envelope/faults", test_faults);
    g_test_add_func("/envelope/request", test_request);
    g_test_add_func("/envelope/id-of-fault", test_id_of_fault);
    g_test_add_func("/envelope/return", test_return);
    g_test_add_func("/envelope/number-ids", test_number_ids);
    g_test_add_func("/envelope/error", test_error);
    return g_test_run();
}
