/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "lib/framer.h"

/*
 * The framer against tables of streams and the frames in them: in one piece,
 * byte by byte, and cut in two at every point. Its limits are test-framer-limits.c.
 */

#define MAX_FRAMES 8

/* A message, and an error that quotes the stray bytes. */
#define M(text) "M" text
#define S(text) "EJSON parse error, stray '" text "'"

typedef struct {
    const char *name;
    const char *input;
    gsize len;
    const char *frames[MAX_FRAMES];
} Stream;

#define STREAM(name, input, ...) { name, input, sizeof(input) - 1, { __VA_ARGS__ } }

static const Stream messages[] = {
    STREAM("nothing", ""),
    STREAM("blanks", " \t\r\n"),
    STREAM("empty-object", "{}", M("{}")),
    STREAM("empty-list", "[]", M("[]")),
    STREAM("object", "{\"a\":1}", M("{\"a\":1}")),
    STREAM("glued", "{\"a\":1}{\"b\":[2]}", M("{\"a\":1}"), M("{\"b\":[2]}")),
    STREAM("blanks-around", " \t\r\n{ \"a\" :\n1 }\n \n", M("{ \"a\" :\n1 }")),
    STREAM("brackets-in-string", "{\"a\":\"}]{[\"}", M("{\"a\":\"}]{[\"}")),
    STREAM("brackets-in-quotes", "['}',\"]\"]", M("['}',\"]\"]")),
    STREAM("string", "\"abc\"", M("\"abc\"")),
    STREAM("empty-string", "\"\"''", M("\"\""), M("''")),
    STREAM("escaped-quote", "\"a\\\"b\" 'a\\'b'", M("\"a\\\"b\""), M("'a\\'b'")),
    STREAM("escaped-backslash", "\"a\\\\\"\"b\"", M("\"a\\\\\""), M("\"b\"")),
    STREAM("other-quote", "'a\"b'\"a'b\"", M("'a\"b'"), M("\"a'b\"")),
    STREAM("any-escape", "\"\\x\\u12\\\x7F\"", M("\"\\x\\u12\\\x7F\"")),
    STREAM("high-bytes-in-string", "\"\x80\xC3\xA9\xFD\x7F\"", M("\"\x80\xC3\xA9\xFD\x7F\"")),
    STREAM("number-at-blank", "12 ", M("12")),
    STREAM("number-open", "12"),
    STREAM("number-at-brace", "12{}", M("12"), M("{}")),
    STREAM("numbers", "0 -0 -1 1.5 1.25e3 1E5 1e+5 1e-05\n", M("0"), M("-0"), M("-1"), M("1.5"),
           M("1.25e3"), M("1E5"), M("1e+5"), M("1e-05")),
    STREAM("number-and-number", "1-1\n", M("1"), M("-1")),
    STREAM("zero-and-keyword", "0e5\n", M("0"), M("e"), M("5")),
    STREAM("keywords", "true false\nnul\t", M("true"), M("false"), M("nul")),
    STREAM("keyword-at-digit", "true1\n", M("true"), M("1")),
    STREAM("keyword-open", "tru"),
    STREAM("punctuation", ":,", M(":"), M(",")),
    STREAM("closed-too-often", "}]", M("}"), M("]")),
    STREAM("closed-wrongly", "{]", M("{]")),
    STREAM("ends-at-negative", "[1}]", M("[1}"), M("]")),
    STREAM("counters-are-two", "[{]}", M("[{]}")),
    STREAM("still-open", "{\"a\":[}"),
    STREAM("still-open-too", "{\"a\":[1}"),
    STREAM("string-still-open", "\"\\ud83d\\\"}"),
};

static const Stream strays[] = {
    STREAM("upper-case", "A\n{}", S("A"), M("{}")),
    STREAM("comment", "{\"execute\":\"guest-ping\" /* c */}", S("/"), M("}")),
    STREAM("in-object", "{A\"x\":1}", S("A"), M(":"), M("1"), M("}")),
    STREAM("byte-order-mark", "\xEF\xBB\xBF{\"a\":1}", S("\xEF"), M("{\"a\":1}")),
    STREAM("two-flushes", "\xFF\xFF", S("\xFF"), S("\xFF")),
    STREAM("flush-fe", "\xFE{}", S("\xFE"), M("{}")),
    STREAM("flush-half", "{\"execute\":\"guest-pi\xFF{\"a\":1}",
           S("\"guest-pi\xFF"), M("{\"a\":1}")),
    STREAM("flush-open-object", "{\"a\":{\xFF{}", S("\xFF"), M("{}")),
    STREAM("flush-control", "\x01\n{}", S("\x01"), M("{}")),
    STREAM("control-in-recovery", "A\x0B\x0C\n", S("A"), S("\x0B"), S("\x0C")),
    STREAM("newline-in-string", "\"a\nb\"\n{}", S("\"a\n"), M("{}")),
    STREAM("tab-in-string", "\"a\tb\"\n{}", S("\"a\t"), M("{}")),
    STREAM("newline-after-backslash", "\"\\\n{}", S("\"\\\n"), M("{}")),
    STREAM("high-byte-in-string", "\"\xFE", S("\"\xFE")),
    STREAM("high-byte-in-quotes", "'\\\xFF", S("'\\\xFF")),
    STREAM("del", "\x7F", S("\x7F")),
    STREAM("continuation-bytes", "\x80\x80\x80\n", S("\x80")),
    STREAM("character", "\xC3\xA9\n", S("\xC3")),
    STREAM("after-number", "12\xFF", M("12"), S("\xFF")),
    STREAM("after-keyword", "tru\xFF", M("tru"), S("\xFF")),
    STREAM("after-digit", "1A\n", M("1"), S("A")),
    STREAM("plus", "+1\n", S("+")),
    STREAM("point", ".5\n", S(".")),
    STREAM("second-point", "{\"id\":1.5.5}", S("."), M("}")),
    STREAM("leading-zero", "01\n{}", S("01"), M("{}")),
    STREAM("leading-zero-in-object", "{\"id\":01}", S("01"), M("}")),
    STREAM("negative-leading-zero", "-01\n", S("-01")),
    STREAM("two-zeros", "00\n", S("00")),
    STREAM("zero-exponent", "0E5\n", M("0"), S("E")),
    STREAM("lone-minus", "-\n{}", S("-\n"), M("{}")),
    STREAM("minus-eats-brace", "{\"a\":-}", S("-}")),
    STREAM("lone-point", "1.\n", S("1.\n")),
    STREAM("lone-exponent", "1e\n", S("1e\n")),
    STREAM("exponent-sign", "1e+x\n", S("1e+x")),
    STREAM("keyword-minus", "{\"execute\":guest-ping}", S("-p"), M("}")),
    STREAM("nul", "\0{}", S(""), M("{}")),
    STREAM("nul-in-string", "\"ab\0{}", S("\"ab"), M("{}")),
    STREAM("nul-after-minus", "-\0{}", S("-"), M("{}")),
    STREAM("nul-after-backslash", "\"\\\0{}", S("\"\\"), M("{}")),
};

/* Where recovery ends, and that the byte there counts. */
static const Stream recoveries[] = {
    STREAM("at-colon", "A:", S("A"), M(":")),
    STREAM("at-comma", "A,", S("A"), M(",")),
    STREAM("at-bracket", "A]", S("A"), M("]")),
    STREAM("at-list", "A[]", S("A"), M("[]")),
    STREAM("at-object", "A{}", S("A"), M("{}")),
    STREAM("at-brace", "A}", S("A"), M("}")),
    STREAM("at-newline", "A\n1\n", S("A"), M("1")),
    STREAM("at-return", "A\r1\n", S("A"), M("1")),
    STREAM("at-nul", "A\0", S("A"), S("")),
    STREAM("at-ff", "A\xFF", S("A"), S("\xFF")),
    STREAM("at-fe", "A\xFE", S("A"), S("\xFE")),
    STREAM("not-at-tab", "A\t1 true\n", S("A")),
    STREAM("not-at-quote", "A\"x\" 'y' 12 \x7F\xC3\xA9\xFD BCD\n{}", S("A"), M("{}")),
    STREAM("within-quotes", "A\"{}\"\n", S("A"), M("{}"), S("\"\n")),
};

static char *describe(const Frame *frame)
{
    return g_strdup_printf("%c%s", frame->kind == FRAME_MESSAGE ? 'M' : 'E', frame->data);
}

static void push(Framer *framer, const char *data, gsize len, GPtrArray *frames)
{
    /* In memory of its own, so that a sanitizer sees a read beyond the piece. */
    g_autofree char *piece = g_memdup2(data, len);
    gsize at = 0;

    while (at < len) {
        Frame frame;

        at += framer_push(framer, piece + at, len - at, &frame);
        g_assert_cmpuint(at, <=, len);
        if (frame.kind == FRAME_NONE) {
            g_assert_cmpuint(at, ==, len);
            return;
        }
        g_assert_cmpuint(frame.len, ==, strlen(frame.data));
        g_ptr_array_add(frames, describe(&frame));
        g_free(frame.data);
    }
}

static void expect(const Stream *stream, const GPtrArray *frames)
{
    guint n = 0;

    while (n < MAX_FRAMES && stream->frames[n])
        n++;
    for (guint i = 0; i < MIN(n, frames->len); i++)
        g_assert_cmpstr(frames->pdata[i], ==, stream->frames[i]);
    g_assert_cmpuint(frames->len, ==, n);
}

/* Pushes @first bytes, then in pieces of @piece bytes. */
static void run_cut(const Stream *stream, gsize first, gsize piece)
{
    g_autoptr(Framer) framer = framer_new();
    g_autoptr(GPtrArray) frames = g_ptr_array_new_with_free_func(g_free);

    push(framer, stream->input, first, frames);
    for (gsize at = first; at < stream->len; at += piece)
        push(framer, stream->input + at, MIN(piece, stream->len - at), frames);
    expect(stream, frames);
}

static void test_stream(gconstpointer data)
{
    const Stream *stream = data;

    run_cut(stream, stream->len, 1);
    run_cut(stream, 0, 1);
    run_cut(stream, 0, 3);
    for (gsize at = 1; at < stream->len; at++)
        run_cut(stream, at, stream->len - at);
}

static void test_consumed(void)
{
    g_autoptr(Framer) framer = framer_new();
    Frame frame;

    /* A number ends before the byte after it, which is not consumed with it. */
    g_assert_cmpuint(framer_push(framer, "12 ", 3, &frame), ==, 2);
    g_assert_cmpint(frame.kind, ==, FRAME_MESSAGE);
    g_free(frame.data);
    g_assert_cmpuint(framer_push(framer, "12", 2, &frame), ==, 2);
    g_assert_cmpint(frame.kind, ==, FRAME_NONE);
    g_assert_cmpuint(framer_push(framer, " ", 1, &frame), ==, 0);
    g_assert_cmpint(frame.kind, ==, FRAME_MESSAGE);
    g_free(frame.data);
    g_assert_cmpuint(framer_push(framer, "{}{}", 4, &frame), ==, 2);
    g_free(frame.data);
    g_assert_cmpuint(framer_push(framer, "", 0, &frame), ==, 0);
    g_assert_cmpint(frame.kind, ==, FRAME_NONE);
}

static void test_pending(void)
{
    g_autoptr(Framer) framer = framer_new();
    g_autoptr(GPtrArray) frames = g_ptr_array_new_with_free_func(g_free);

    g_assert_cmpuint(framer_pending(framer), ==, 0);
    push(framer, "  ", 2, frames);
    g_assert_cmpuint(framer_pending(framer), ==, 0);
    push(framer, " {\"a\"", 5, frames);
    g_assert_cmpuint(framer_pending(framer), ==, 4);
    push(framer, ":1}", 3, frames);
    g_assert_cmpuint(framer_pending(framer), ==, 0);
    g_assert_cmpuint(frames->len, ==, 1);
}

/* Whatever state the stream was left in, a reset framer starts afresh. */
static void test_reset(void)
{
    static const char *const halves[] = { "{",   "{\"a\":[", "\"ab", "'\\", "A b", "12", "-",
                                          "1.2", "1e",       "tru",  "\xFF" };

    for (gsize i = 0; i < G_N_ELEMENTS(halves); i++) {
        g_autoptr(Framer) framer = framer_new();
        g_autoptr(GPtrArray) frames = g_ptr_array_new_with_free_func(g_free);

        push(framer, halves[i], strlen(halves[i]), frames);
        framer_reset(framer);
        g_assert_cmpuint(framer_pending(framer), ==, 0);
        g_ptr_array_set_size(frames, 0);
        push(framer, "true {}", 7, frames);
        g_assert_cmpuint(frames->len, ==, 2);
        g_assert_cmpstr(frames->pdata[0], ==, M("true"));
        g_assert_cmpstr(frames->pdata[1], ==, M("{}"));
    }
}

/* Long strings are taken in blocks: each byte at each place of one is seen as it is alone. */
static void test_every_place(void)
{
    static const guchar bytes[] = { 'a', '"', '\'', '\\', 0, '\t', '\n', 0x1F, 0x7F, 0x80, 0xC3,
                                    0xFD, 0xFE, 0xFF };

    for (gsize at = 1; at < 200; at++) {
        for (gsize i = 0; i < G_N_ELEMENTS(bytes); i++) {
            g_autoptr(Framer) whole = framer_new(), bytewise = framer_new();
            g_autoptr(GPtrArray) frames = g_ptr_array_new_with_free_func(g_free);
            g_autoptr(GPtrArray) wanted = g_ptr_array_new_with_free_func(g_free);
            char text[203];

            memset(text, 'x', sizeof text);
            text[0] = text[201] = '"';
            text[202] = '\n';
            text[at] = (char)bytes[i];
            push(whole, text, sizeof text, frames);
            for (gsize k = 0; k < sizeof text; k++)
                push(bytewise, text + k, 1, wanted);
            g_assert_cmpuint(frames->len, ==, wanted->len);
            g_assert_cmpuint(framer_pending(whole), ==, framer_pending(bytewise));
            for (guint k = 0; k < frames->len; k++)
                g_assert_cmpstr(frames->pdata[k], ==, wanted->pdata[k]);
        }
    }
}

static void add_all(const char *prefix, const Stream *streams, gsize n)
{
    for (gsize i = 0; i < n; i++) {
        g_autofree char *path = g_strdup_printf("/framer/%s/%s", prefix, streams[i].name);

        g_test_add_data_func(path, &streams[i], test_stream);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_all("message", messages, G_N_ELEMENTS(messages));
    add_all("stray", strays, G_N_ELEMENTS(strays));
    add_all("recovery", recoveries, G_N_ELEMENTS(recoveries));
    g_test_add_func("/framer/consumed", test_consumed);
    g_test_add_func("/framer/pending", test_pending);
    g_test_add_func("/framer/reset", test_reset);
    g_test_add_func("/framer/every-place", test_every_place);
    return g_test_run();
}
