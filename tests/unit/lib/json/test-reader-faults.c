/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "lib/json/reader.h"
#include "tests/unit/kit/kit.h"

/* The texts of QEMU's parser for all that is not JSON; the first fault wins. */

typedef struct {
    const char *text;
    const char *fault; /* without "JSON parse error, " */
} Case;

#define VALUE "expecting value"
#define KEY "key is not a string in object"
#define COLON "missing : in object pair"
#define DICT "expected separator in dict"
#define LIST "expected separator in list"
#define TWICE "duplicate key"
#define ESCAPE "invalid escape sequence in string"
#define UTF8 "invalid UTF-8 sequence in string"
#define CHARACTER(sequence) sequence " is not a valid Unicode character"

static const Case grammar[] = {
    { "}", VALUE }, { "]", VALUE }, { ",", VALUE }, { ":", VALUE }, { "{]", VALUE },
    { "[}", VALUE }, { "{,}", VALUE }, { "{:}", VALUE }, { "{\"a\":}", VALUE },
    { "{\"a\":1,}", VALUE }, { "{\"a\"::1}", VALUE }, { "{\"a\":1,,\"b\":2}", VALUE },
    { "[,]", VALUE }, { "[1,]", VALUE }, { "[1,,2]", VALUE }, { "[:1]", VALUE },
    { "[{]}", VALUE }, { "{\"a\":,}", VALUE },
    { "{1:2}", KEY }, { "{null:1}", KEY }, { "{[]:1}", KEY }, { "{{}:1}", KEY },
    { "{true:1}", KEY }, { "{-1.5:1}", KEY }, { "{[1,{}]:1}", KEY }, { "{\"a\":1,2:3}", KEY },
    { "{\"a\"}", COLON }, { "{\"a\" 1}", COLON }, { "{\"a\",1}", COLON },
    { "{\"a\":1,\"b\"}", COLON }, { "{\"a\"{}}", COLON }, { "{\"a\"]", COLON },
    { "{\"a\":1]", DICT }, { "{\"a\":1 \"b\":2}", DICT }, { "{\"a\":\"b\" \"c\"}", DICT },
    { "{\"a\":1:2}", DICT }, { "{\"a\":{}{}}", DICT }, { "{\"a\":1 foo}", DICT },
    { "[1 2]", LIST }, { "[1:2]", LIST }, { "[\"a\":1]", LIST }, { "[\"a\" x]", LIST },
    { "[1}]", LIST }, { "[[][]]", LIST }, { "[1 \"\\x\"]", LIST },
    { "foo", "invalid keyword 'foo'" }, { "nul", "invalid keyword 'nul'" },
    { "nulll", "invalid keyword 'nulll'" }, { "[x \"a\"]", "invalid keyword 'x'" },
    { "{foo:1}", "invalid keyword 'foo'" }, { "{\"a\":truefalse}", "invalid keyword 'truefalse'" },
    { "[1,[2,{\"a\":bar,]", "invalid keyword 'bar'" },
    { "{\"a\":1,\"a\":2}", TWICE }, { "{\"a\":1,'\\u0061':2}", TWICE },
    { "{\"a\":1,\"b\":2,\"a\":{}}", TWICE }, { "{\"a\":1,\"a\":2,}", TWICE },
    { "{\"\":1,\"\":2}", TWICE }, { "{\"a\\u0000\":1,\"a\\u0000\":1}", TWICE },
    { "{\"a\":1,\"b\":{\"c\":1,\"c\":2},\"a\":}", TWICE }, { "[{\"a\":1,\"a\":[1,2]}]", TWICE },
    { "{\"a\":1,\"a\":}", VALUE }, { "{\"a\":1,\"a\":foo}", "invalid keyword 'foo'" },
    { "{\"a\":1,\"a\" 2}", COLON }, { "{\"a\":1,\"a\"}", COLON },
    { "{\"id\":0e5}", DICT }, { "{\"id\":-0e1}", DICT }, { "{\"id\":1-1}", DICT },
    { "{\"id\":1e5e5}", DICT }, { "[0e5]", LIST }, { "[1-1]", LIST }, { "[1.5-2]", LIST },
    { "[12true]", LIST },
};

static const Case strings[] = {
    { "\"\\x\"", ESCAPE }, { "\"\\a\"", ESCAPE }, { "\"\\0\"", ESCAPE }, { "\"\\U0041\"", ESCAPE },
    { "\"\\v\"", ESCAPE }, { "'\\\x7F'", ESCAPE }, { "{\"\\x\":1}", ESCAPE },
    { "\"\\x\x80\"", ESCAPE }, { "\"\\\xC3\xA9\"", ESCAPE }, { "\"ok\\n\\ \"", ESCAPE },
    { "\"\x80\\x\"", UTF8 }, { "\"\x80\"", UTF8 }, { "\"\xC3\"", UTF8 }, { "\"\xC3z\"", UTF8 },
    { "\"\xE2\x82\"", UTF8 }, { "\"\xF0\x9F\x98\"", UTF8 }, { "\"\xED\xA0\x80\"", UTF8 },
    { "\"\xED\xBF\xBF\"", UTF8 }, { "\"\xEF\xBF\xBE\"", UTF8 }, { "\"\xEF\xBF\xBF\"", UTF8 },
    { "\"\xEF\xB7\x90\"", UTF8 }, { "\"\xF4\x8F\xBF\xBF\"", UTF8 },
    { "\"\xF4\x90\x80\x80\"", UTF8 }, { "\"\xC0\xAF\"", UTF8 }, { "\"\xC1\x81\"", UTF8 },
    { "\"\xE0\x80\x80\"", UTF8 }, { "\"\xF0\x80\x80\x80\"", UTF8 },
    { "\"\xF5\x80\x80\x80\"", UTF8 },
    { "\"\xF8\x88\x80\x80\x80\"", UTF8 }, { "\"\xFD\"", UTF8 }, { "{\"\xC3\":1}", UTF8 },
    { "\"\\u12\"", CHARACTER("\\u12\"") }, { "'\\u12'", CHARACTER("\\u12'") },
    { "\"\\u12g4\"", CHARACTER("\\u12g4") }, { "\"\\u\"", CHARACTER("\\u\"") },
    { "\"\\uG\"", CHARACTER("\\uG\"") }, { "\"abc\\u12 def\"", CHARACTER("\\u12 d") },
    { "\"\\u004\"", CHARACTER("\\u004\"") }, { "\"\\u 123\"", CHARACTER("\\u 123") },
    { "\"\\u-123\"", CHARACTER("\\u-123") }, { "\"\\u+123\"", CHARACTER("\\u+123") },
    { "\"\\u0x12\"", CHARACTER("\\u0x12") },
    { "\"\\ud83d\"", CHARACTER("\\ud83d") }, { "\"\\uD83d\"", CHARACTER("\\uD83d") },
    { "\"\\ud83d\\u0041\"", CHARACTER("\\ud83d") }, { "\"\\ud83d\\u12\"", CHARACTER("\\ud83d") },
    { "\"\\ud83d\\uXXXX\"", CHARACTER("\\ud83d") }, { "\"\\ud83d\\n\"", CHARACTER("\\ud83d") },
    { "\"\\ud83d\\ud83d\"", CHARACTER("\\ud83d") }, { "\"\\ud83d\x80\"", CHARACTER("\\ud83d") },
    { "\"\\ude00\"", CHARACTER("\\ude00") }, { "\"\\ude00\\ud83d\"", CHARACTER("\\ude00") },
    { "\"\\ufdd0\"", CHARACTER("\\ufdd0") }, { "\"\\ufdef\"", CHARACTER("\\ufdef") },
    { "\"\\ufffe\"", CHARACTER("\\ufffe") }, { "\"\\uFFFF\"", CHARACTER("\\uFFFF") },
    { "\"\\ud83f\\udffe\"", CHARACTER("\\ud83f\\udffe") },
    { "\"a\\ud83d\\ude00\\ud83d\"", CHARACTER("\\ud83d") },
};

/* What the framer never hands over still must not be taken for JSON. */
static const char *const unfinished[] = {
    "", " ", "{", "[", "[1", "[1,", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "\"abc", "'abc\"",
    "\"\\", "\"\\u12", "{} {}", "1 2", "[] ]", "{},", "null null", "\"a\" b",
    "/", "A", "\x01", "\xFF",
};

static Value *read_text(Arena *arena, const char *text, GError **error)
{
    gsize len = strlen(text);
    char *copy = g_memdup2(text, len + 1);

    arena_adopt(arena, copy);
    return json_read(arena, copy, len, error);
}

static void check(const Case *c)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    g_autofree char *wanted = g_strdup_printf("JSON parse error, %s", c->fault);

    if (read_text(arena, c->text, &error) || strcmp(error->message, wanted) != 0) {
        g_autofree char *shown = g_strescape(c->text, NULL);

        g_error("%s: %s instead of %s", shown, error ? error->message : "no fault", wanted);
    }
}

static void test_grammar(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(grammar); i++)
        check(&grammar[i]);
}

static void test_strings(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(strings); i++)
        check(&strings[i]);
}

static void test_unfinished(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(unfinished); i++) {
        g_autoptr(Arena) arena = arena_new();
        g_autoptr(GError) error = NULL;

        g_assert_null(read_text(arena, unfinished[i], &error));
        g_assert_nonnull(error);
        g_assert_true(g_str_has_prefix(error->message, "JSON parse error, "));
    }
}

/* A fault anywhere below many open objects with indexed names leaves nothing behind. */
static void test_fault_in_depth(void)
{
    g_autoptr(GString) text = g_string_new(NULL);
    Case c = { NULL, "invalid keyword 'x'" };

    for (guint depth = 0; depth < 50; depth++) {
        g_string_append_c(text, '{');
        for (guint i = 0; i < 20; i++)
            g_string_append_printf(text, "\"k%u\":1,", i);
        g_string_append(text, "\"down\":");
    }
    g_string_append(text, "x");
    c.text = text->str;
    check(&c);
}

/* QEMU cuts its text at 1023 bytes, which a long keyword reaches. */
static void test_long_keyword(void)
{
    for (gsize len = 1000; len < 1030; len++) {
        g_autofree char *word = g_strnfill(len, 'a');
        g_autofree char *fault = g_strdup_printf("invalid keyword '%s'", word);
        Case c = { word, fault };

        fault[MIN(strlen(fault), (gsize)1023)] = '\0';
        check(&c);
    }
}

/* Every beginning of a valid document is at fault, and none is read beyond its end. */
static void test_truncated(void)
{
    static const char whole[] = "{\"execute\":\"guest-sync\",'a':[1.5e3,-2,true,null,"
                                "\"\\ud83d\\ude00\xC3\xA9\"],\"id\":{\"x\":[]}}";

    for (gsize len = 0; len < sizeof whole - 1; len++) {
        g_autoptr(Arena) arena = arena_new();
        g_autoptr(GError) error = NULL;
        g_autofree char *part = g_strndup(whole, len);

        g_assert_null(read_text(arena, part, &error));
        g_assert_nonnull(error);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/reader/fault/grammar", test_grammar);
    g_test_add_func("/reader/fault/strings", test_strings);
    g_test_add_func("/reader/fault/unfinished", test_unfinished);
    g_test_add_func("/reader/fault/in-depth", test_fault_in_depth);
    g_test_add_func("/reader/fault/long-keyword", test_long_keyword);
    g_test_add_func("/reader/fault/truncated", test_truncated);
    return g_test_run();
}
