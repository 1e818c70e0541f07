/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <math.h>
#include <string.h>

#include "lib/json/unescape.h"
#include "lib/json/utf8.h"
#include "lib/json/writer.h"
#include "tests/unit/kit/kit.h"

/* How values and malformed bytes look on the wire, and the characters below that. */

typedef struct {
    const char *text;
    gsize len;
    const char *wanted; /* between the quotes */
} Case;

#define CASE(text, wanted) { text, sizeof(text) - 1, wanted }

#define BAD "\\uFFFD"

static const Case texts[] = {
    CASE("", ""),
    CASE("plain ~ text", "plain ~ text"),
    CASE("\"\\/'", "\\\"\\\\/'"),
    CASE("\b\f\n\r\t", "\\b\\f\\n\\r\\t"),
    CASE("\x01\x1F\x7F", "\\u0001\\u001F\\u007F"),
    CASE("\xC2\x80\xC3\xA9\xDF\xBF", "\\u0080\\u00E9\\u07FF"),
    CASE("\xE0\xA0\x80\xEF\xBF\xBD", "\\u0800\\uFFFD"),
    CASE("\xF0\x90\x80\x80\xF4\x8F\xBF\xBD", "\\uD800\\uDC00\\uDBFF\\uDFFD"),
    CASE("\xC0\x80", "\\u0000"),
    CASE("a\0b", "a\\u0000b"),
    /* One for each malformed sequence: a lead byte with what of its tail is there. */
    CASE("\xFF", BAD),
    CASE("\xC3\xFF", BAD BAD),
    CASE("\xE2\x82\xFF", BAD BAD),
    CASE("\xF0\x9F\x98\xFF", BAD BAD),
    CASE("\xED\xA0\x80\xFF", BAD BAD),
    CASE("\xEF\xBF\xBE", BAD),
    CASE("\xEF\xB7\x90", BAD),
    CASE("\xF4\x90\x80\x80", BAD),
    CASE("\xE0\x80\x80", BAD),
    CASE("\xC0\xAF", BAD),
    CASE("\xF5", BAD),
    CASE("\x80\x80\x80", BAD BAD BAD),
    CASE("\xC3", BAD),
    CASE("\xC3z", BAD "z"),
    CASE("\xE2\x82z", BAD "z"),
    CASE("\xF8\x88\x80\x80\x80z", BAD "z"),
    CASE("\xFC\x84\x80\x80\x80\x80z", BAD "z"),
    CASE("\xFE\xFE", BAD BAD),
    CASE("\xC3\xC3\xA9", BAD "\\u00E9"),
    CASE("\xC3\"", BAD "\\\""),
};

static void test_text(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GString) out = g_string_new(NULL);
        g_autofree char *copy = g_memdup2(texts[i].text, texts[i].len);
        g_autofree char *wanted = g_strdup_printf("\"%s\"", texts[i].wanted);

        json_append_text(out, copy ? copy : "", texts[i].len);
        g_assert_cmpstr(out->str, ==, wanted);
    }
}

static void test_string(void)
{
    g_autoptr(GString) out = g_string_new("x");

    json_append_string(out, "a\nb");
    g_assert_cmpstr(out->str, ==, "x\"a\\nb\"");
}

static void test_integers(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    json_append_int(out, 0);
    g_string_append_c(out, ' ');
    json_append_int(out, -10);
    g_string_append_c(out, ' ');
    json_append_int(out, G_MAXINT64);
    g_string_append_c(out, ' ');
    json_append_int(out, G_MININT64);
    g_string_append_c(out, ' ');
    json_append_uint(out, G_MAXUINT64);
    g_assert_cmpstr(out->str, ==,
                    "0 -10 9223372036854775807 -9223372036854775808 18446744073709551615");
}

static void test_doubles(void)
{
    static const struct {
        double value;
        const char *wanted;
    } doubles[] = {
        { 0, "0" },
        { -0.0, "-0" },
        { 2, "2" },
        { 0.05, "0.050000000000000003" },
        { 1e16, "10000000000000000" },
        { 1e17, "1e+17" },
        { 1e-5, "1.0000000000000001e-05" },
        { 1700000000.123456, "1700000000.123456" },
        { G_MAXDOUBLE, "1.7976931348623157e+308" },
        { INFINITY, "1e999" },
        { -INFINITY, "-1e999" },
        { NAN, "null" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(doubles); i++) {
        g_autoptr(GString) out = g_string_new(NULL);

        json_append_double(out, doubles[i].value);
        g_assert_cmpstr(out->str, ==, doubles[i].wanted);
    }
}

static void test_nested(void)
{
    static const char text[] = "[{}, [], {\"a\": {\"b\": []}, \"c\": [[1, 2], {\"d\": null}]}, "
                               "true, \"x\", {\"\\u00E9\": 18446744073709551615}]";
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GString) out = g_string_new(NULL);

    json_append_value(out, kit_value(arena, text));
    g_assert_cmpstr(out->str, ==, text);
}

static void test_booleans(void)
{
    g_autoptr(GString) out = g_string_new(NULL);

    json_append_bool(out, FALSE);
    json_append_bool(out, TRUE);
    json_append_bool(out, 2);
    g_assert_cmpstr(out->str, ==, "falsetruetrue");
}

/* Every code point there and back; what is no character of ours is refused. */
static void test_every_code(void)
{
    for (guint32 code = 0; code <= 0x10FFFF; code++) {
        char bytes[4];
        gsize len, used;

        if (!utf8_valid_code(code))
            continue;
        len = utf8_encode(code, bytes);
        g_assert_cmpint(utf8_decode(bytes, len, &used), ==, (gint32)code);
        g_assert_cmpuint(used, ==, len);
        for (gsize cut = 1; cut < len; cut++) {
            g_assert_cmpint(utf8_decode(bytes, cut, &used), ==, -1);
            g_assert_cmpuint(used, ==, cut);
        }
    }
}

static void test_valid_codes(void)
{
    static const guint32 invalid[] = { 0xD800,  0xDBFF,  0xDC00,   0xDFFF,   0xFDD0,     0xFDEF,
                                       0xFFFE,  0xFFFF,  0x1FFFE,  0x1FFFF,  0x10FFFE,   0x10FFFF,
                                       0x110000, 0x7FFFFFFF, 0xFFFFFFFF };
    static const guint32 valid[] = { 0,      0x7F,   0x80,    0xD7FF,  0xE000,
                                     0xFDCF, 0xFDF0, 0xFFFD,  0x10000, 0x10FFFD };

    for (gsize i = 0; i < G_N_ELEMENTS(invalid); i++)
        g_assert_false(utf8_valid_code(invalid[i]));
    for (gsize i = 0; i < G_N_ELEMENTS(valid); i++)
        g_assert_true(utf8_valid_code(valid[i]));
}

/* The NUL is the two bytes C0 80, so that strings stay C strings. */
static void test_modified_nul(void)
{
    char bytes[4];
    gsize used;

    g_assert_cmpuint(utf8_encode(0, bytes), ==, 2);
    g_assert_cmpmem(bytes, 2, "\xC0\x80", 2);
    g_assert_cmpint(utf8_decode("\xC0\x80", 2, &used), ==, 0);
    g_assert_cmpint(utf8_decode("\0", 1, &used), ==, 0);
    g_assert_cmpuint(used, ==, 1);
    g_assert_cmpint(utf8_decode("\xC0\x81", 2, &used), ==, -1);
    g_assert_cmpint(utf8_decode("\xE0\x80\x80", 3, &used), ==, -1);
}

static void test_unescape(void)
{
    char text[] = "'a\\u20ac\\\"b\"\\'' rest";
    g_autoptr(GError) error = NULL;
    gsize len;
    char *rest = unescape(text, text + strlen(text), &len, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(text + 1, ==, "a\xE2\x82\xAC\"b\"'");
    g_assert_cmpuint(len, ==, 8);
    g_assert_cmpstr(rest, ==, " rest");
}

static void test_unescape_open(void)
{
    static const char *const open[] = { "\"", "\"abc", "\"\\\"", "\"\\u00e9" };

    for (gsize i = 0; i < G_N_ELEMENTS(open); i++) {
        g_autofree char *text = g_strdup(open[i]);
        g_autoptr(GError) error = NULL;
        gsize len;

        g_assert_null(unescape(text, text + strlen(text), &len, &error));
        kit_expect_error(&error, "JSON parse error, premature EOI");
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/writer/text", test_text);
    g_test_add_func("/writer/string", test_string);
    g_test_add_func("/writer/integers", test_integers);
    g_test_add_func("/writer/doubles", test_doubles);
    g_test_add_func("/writer/booleans", test_booleans);
    g_test_add_func("/writer/nested", test_nested);
    g_test_add_func("/utf8/every-code", test_every_code);
    g_test_add_func("/utf8/valid-codes", test_valid_codes);
    g_test_add_func("/utf8/modified-nul", test_modified_nul);
    g_test_add_func("/unescape/string", test_unescape);
    g_test_add_func("/unescape/open", test_unescape_open);
    return g_test_run();
}
