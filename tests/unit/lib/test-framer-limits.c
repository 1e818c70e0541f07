/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "lib/framer.h"

/* The framer's limits are QEMU's, to the byte. Input comes in pieces, as from a port. */

#define PIECE (64 * 1024)
#define MIB (1024 * 1024)
#define MAX_BYTES FRAMER_MAX_TOKEN_BYTES

#define SIZE_ERROR "JSON token size limit exceeded"
#define COUNT_ERROR "JSON token count limit exceeded"
#define DEPTH_ERROR "JSON nesting depth limit exceeded"

typedef struct {
    Framer *framer;
    guint messages;
    guint errors;
    gsize last_len;
    char *last; /* of a short frame */
} Fixture;

static void set_up(Fixture *f, gconstpointer data)
{
    (void)data;
    f->framer = framer_new();
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    framer_free(f->framer);
    g_free(f->last);
}

static void take(Fixture *f, Frame *frame)
{
    if (frame->kind == FRAME_MESSAGE)
        f->messages++;
    else
        f->errors++;
    f->last_len = frame->len;
    g_free(f->last);
    f->last = g_strndup(frame->data, 2 * FRAMER_MAX_QUOTE);
    g_free(frame->data);
}

static void push(Fixture *f, const char *data, gsize len)
{
    while (len > 0) {
        Frame frame;
        gsize used = framer_push(f->framer, data, len, &frame);

        if (frame.kind != FRAME_NONE)
            take(f, &frame);
        data += used;
        len -= used;
    }
}

static void push_text(Fixture *f, const char *text)
{
    push(f, text, strlen(text));
}

/* @n times the byte @c. */
static void push_many(Fixture *f, char c, gsize n)
{
    g_autofree char *piece = g_malloc(PIECE);

    memset(piece, c, PIECE);
    for (; n > 0; n -= MIN(n, (gsize)PIECE))
        push(f, piece, MIN(n, (gsize)PIECE));
}

static void expect(Fixture *f, guint messages, guint errors, const char *last)
{
    g_assert_cmpuint(f->messages, ==, messages);
    g_assert_cmpuint(f->errors, ==, errors);
    if (last)
        g_assert_cmpstr(f->last, ==, last);
}

/* The framer goes on with the next message after whatever happened. */
static void expect_alive(Fixture *f)
{
    guint messages = f->messages, errors = f->errors;

    push_text(f, "{\"a\":1}");
    expect(f, messages + 1, errors, "{\"a\":1}");
}

static void test_depth(Fixture *f, gconstpointer data)
{
    (void)data;
    push_many(f, '[', FRAMER_MAX_DEPTH);
    expect(f, 0, 0, NULL);
    push_many(f, ']', FRAMER_MAX_DEPTH);
    expect(f, 1, 0, NULL);
    g_assert_cmpuint(f->last_len, ==, 2 * FRAMER_MAX_DEPTH);
    for (guint i = 0; i < FRAMER_MAX_DEPTH / 2; i++)
        push_text(f, "{\"a\":[");
    expect(f, 1, 0, NULL);
    push_text(f, "{");
    expect(f, 1, 1, DEPTH_ERROR);
    /* Each bracket left over is a message of its own. */
    push_text(f, "}]}");
    expect(f, 4, 1, "}");
    expect_alive(f);
}

static void test_hundred_thousand(Fixture *f, gconstpointer data)
{
    (void)data;
    push_many(f, '[', 100000);
    expect(f, 0, 100000 / (FRAMER_MAX_DEPTH + 1), DEPTH_ERROR);
}

static void test_tokens(Fixture *f, gconstpointer data)
{
    (void)data;
    push_text(f, "[");
    push_many(f, ',', FRAMER_MAX_TOKENS - 2);
    push_text(f, "]");
    expect(f, 1, 0, NULL);
    g_assert_cmpuint(f->last_len, ==, FRAMER_MAX_TOKENS);
    /* One more, be it the closing bracket. */
    push_text(f, "[");
    push_many(f, ',', FRAMER_MAX_TOKENS - 1);
    expect(f, 1, 0, NULL);
    push_text(f, "]");
    expect(f, 1, 1, COUNT_ERROR);
    expect_alive(f);
}

static void test_tokens_inside(Fixture *f, gconstpointer data)
{
    (void)data;
    push_text(f, "[");
    push_many(f, ',', FRAMER_MAX_TOKENS);
    expect(f, 0, 1, COUNT_ERROR);
    push_text(f, "]");
    expect(f, 1, 1, "]");
}

static void push_string(Fixture *f, gsize len)
{
    push_text(f, "\"");
    push_many(f, 'a', len - 2);
    push_text(f, "\"");
}

static void test_string_fits(Fixture *f, gconstpointer data)
{
    (void)data;
    push_string(f, MAX_BYTES - 1);
    expect(f, 1, 0, NULL);
    g_assert_cmpuint(f->last_len, ==, MAX_BYTES - 1);
    g_assert_cmpuint(framer_pending(f->framer), ==, 0);
}

static void test_string_too_long(Fixture *f, gconstpointer data)
{
    (void)data;
    push_string(f, MAX_BYTES);
    expect(f, 0, 1, SIZE_ERROR);
    expect_alive(f);
}

static void test_sum(Fixture *f, gconstpointer data)
{
    const gsize half = MAX_BYTES / 2;

    (void)data;
    /* Punctuation counts, blanks do not: "[" string "," string "]". */
    push_text(f, "[");
    push_string(f, half);
    push_text(f, " , ");
    push_string(f, half - 4);
    push_text(f, "]");
    expect(f, 1, 0, NULL);
    push_text(f, "[");
    push_string(f, half);
    push_text(f, ",");
    push_string(f, half - 3);
    expect(f, 1, 0, NULL);
    push_text(f, "]");
    expect(f, 1, 1, SIZE_ERROR);
    expect_alive(f);
}

static void test_unfinished(Fixture *f, gconstpointer data)
{
    (void)data;
    push_text(f, "[\"");
    push_many(f, 'a', MAX_BYTES - 1);
    expect(f, 0, 0, NULL);
    push_text(f, "a");
    expect(f, 0, 1, SIZE_ERROR);
    g_assert_cmpuint(framer_pending(f->framer), ==, 0);
    /* What follows is read afresh. */
    push_text(f, "aaa ");
    expect(f, 1, 1, "aaa");
}

static void test_unfinished_in_one_push(Fixture *f, gconstpointer data)
{
    g_autofree char *text = g_malloc(MAX_BYTES + 5);

    (void)data;
    memset(text, 'a', MAX_BYTES + 5);
    text[0] = '"';
    text[MAX_BYTES + 4] = '\n';
    push(f, text, MAX_BYTES + 5);
    expect(f, 1, 1, "aaa");
}

static void test_unfinished_backslash(Fixture *f, gconstpointer data)
{
    (void)data;
    push_text(f, "\"");
    push_many(f, 'a', MAX_BYTES - 1);
    push_text(f, "\\n ");
    expect(f, 1, 1, "n");
}

static void test_unfinished_stray(Fixture *f, gconstpointer data)
{
    (void)data;
    push_text(f, "\"");
    push_many(f, 'a', MAX_BYTES - 1);
    push_text(f, "\xFF");
    expect(f, 0, 1, NULL);
    g_assert_true(g_str_has_prefix(f->last, "JSON parse error, stray '\"aaa"));
    g_assert_true(g_str_has_suffix(f->last, "aaa...'"));
    expect_alive(f);
}

static void test_number(Fixture *f, gconstpointer data)
{
    (void)data;
    push_many(f, '1', MAX_BYTES);
    push_text(f, "\n");
    expect(f, 0, 1, SIZE_ERROR);
    push_many(f, '1', MAX_BYTES);
    push_text(f, "{}");
    expect(f, 1, 2, "{}");
    push_many(f, '1', MAX_BYTES + 1);
    expect(f, 1, 3, SIZE_ERROR);
}

static void test_keyword(Fixture *f, gconstpointer data)
{
    (void)data;
    push_many(f, 'x', MAX_BYTES - 1);
    push_text(f, "\n");
    expect(f, 1, 0, NULL);
    push_many(f, 'x', MAX_BYTES);
    push_text(f, "\n");
    expect(f, 1, 1, SIZE_ERROR);
    expect_alive(f);
}

static void test_blanks(Fixture *f, gconstpointer data)
{
    (void)data;
    push_text(f, "[");
    push_many(f, ' ', 100 * MIB);
    push_text(f, "]");
    expect(f, 1, 0, NULL);
    /* Between messages they take no memory at all. */
    push_many(f, ' ', 200 * MIB);
    g_assert_cmpuint(framer_pending(f->framer), ==, 0);
    expect(f, 1, 0, NULL);
}

static void test_raw_bytes(Fixture *f, gconstpointer data)
{
    (void)data;
    push_text(f, "[");
    push_many(f, ' ', FRAMER_MAX_RAW_BYTES - 1);
    expect(f, 0, 0, NULL);
    push_text(f, " ");
    expect(f, 0, 1, SIZE_ERROR);
    g_assert_cmpuint(framer_pending(f->framer), ==, 0);
    expect_alive(f);
}

/* A long token is quoted in part; @extra bytes beyond what is quoted in full. */
static void check_quote(Fixture *f, guint extra)
{
    const gsize len = FRAMER_MAX_QUOTE + extra;
    g_autofree char *token = g_strnfill(len, 'a');
    g_autofree char *wanted = NULL;

    token[0] = '"';
    token[len - 1] = '\x01';
    wanted = g_strdup_printf("JSON parse error, stray '%.*s%s'", FRAMER_MAX_QUOTE, token,
                             extra ? "..." : "");
    for (gsize cut = 0; cut <= len; cut++) {
        framer_reset(f->framer);
        push(f, token, cut);
        push(f, token + cut, len - cut);
        g_assert_cmpstr(f->last, ==, wanted);
    }
}

static void test_quote(Fixture *f, gconstpointer data)
{
    (void)data;
    check_quote(f, 0);
    check_quote(f, 1);
    check_quote(f, 500);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/framer/limit/depth", test_depth },
        { "/framer/limit/hundred-thousand-brackets", test_hundred_thousand },
        { "/framer/limit/tokens", test_tokens },
        { "/framer/limit/tokens-inside", test_tokens_inside },
        { "/framer/limit/string-fits", test_string_fits },
        { "/framer/limit/string-too-long", test_string_too_long },
        { "/framer/limit/sum-of-tokens", test_sum },
        { "/framer/limit/unfinished", test_unfinished },
        { "/framer/limit/unfinished-in-one-push", test_unfinished_in_one_push },
        { "/framer/limit/unfinished-backslash", test_unfinished_backslash },
        { "/framer/limit/unfinished-stray", test_unfinished_stray },
        { "/framer/limit/number", test_number },
        { "/framer/limit/keyword", test_keyword },
        { "/framer/limit/blanks", test_blanks },
        { "/framer/limit/raw-bytes", test_raw_bytes },
        { "/framer/limit/quote", test_quote },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    return g_test_run();
}
