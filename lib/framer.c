/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/framer.h"

#include <string.h>

typedef enum {
    STATE_START, /* between tokens */
    STATE_RECOVERY,
    STATE_STRING_DOUBLE,
    STATE_STRING_DOUBLE_ESCAPE,
    STATE_STRING_SINGLE,
    STATE_STRING_SINGLE_ESCAPE,
    STATE_MINUS,
    STATE_ZERO,
    STATE_DIGITS,
    STATE_POINT,
    STATE_FRACTION,
    STATE_EXPONENT,
    STATE_EXPONENT_SIGN,
    STATE_EXPONENT_DIGITS,
    STATE_KEYWORD,
    /* What a byte can do to a token besides leading to another state. */
    TOKEN_DONE,   /* the byte is the token's last */
    TOKEN_BEFORE, /* the token ended before the byte */
    TOKEN_ERROR,
    TOKEN_BLANK, /* the byte is between tokens */
} State;

struct Framer {
    State state;
    GByteArray *held; /* the message's bytes from earlier pushes */
    gboolean in_message;
    gsize token_len;   /* bytes of the token under way */
    gsize token_bytes; /* of the message's finished tokens */
    guint tokens;
    int braces;
    int brackets;
};

/* Most messages, including all with secrets, fit in this without being copied. */
#define HELD_FIRST 4096

static GByteArray *held_new(void)
{
    return g_byte_array_sized_new(HELD_FIRST);
}

Framer *framer_new(void)
{
    Framer *framer = g_new0(Framer, 1);

    framer->held = held_new();
    return framer;
}

void framer_free(Framer *framer)
{
    if (!framer)
        return;
    g_byte_array_unref(framer->held);
    g_free(framer);
}

gsize framer_pending(const Framer *framer)
{
    return framer->held->len;
}

/* Frees a big buffer instead of keeping it for the next message. */
#define HELD_KEEP (64 * 1024)

static void start_message(Framer *framer)
{
    /* An invalid message may hold a password. */
    if (framer->held->len)
        explicit_bzero(framer->held->data, framer->held->len);
    if (framer->held->len > HELD_KEEP) {
        g_byte_array_unref(framer->held);
        framer->held = held_new();
    } else {
        g_byte_array_set_size(framer->held, 0);
    }
    framer->in_message = FALSE;
    framer->token_len = framer->token_bytes = 0;
    framer->tokens = 0;
    framer->braces = framer->brackets = 0;
}

void framer_reset(Framer *framer)
{
    start_message(framer);
    framer->state = STATE_START;
}

static gboolean is_digit(guchar c)
{
    return c >= '0' && c <= '9';
}

static State start_token(guchar c)
{
    switch (c) {
    case ' ':
    case '\t':
    case '\r':
    case '\n':
        return TOKEN_BLANK;
    case '{':
    case '}':
    case '[':
    case ']':
    case ':':
    case ',':
        return TOKEN_DONE;
    case '"':
        return STATE_STRING_DOUBLE;
    case '\'':
        return STATE_STRING_SINGLE;
    case '-':
        return STATE_MINUS;
    case '0':
        return STATE_ZERO;
    default:
        if (is_digit(c))
            return STATE_DIGITS;
        return c >= 'a' && c <= 'z' ? STATE_KEYWORD : TOKEN_ERROR;
    }
}

static State in_string(guchar c, guchar quote, State self, State escape)
{
    if (c == quote)
        return TOKEN_DONE;
    if (c < 0x20 || c >= 0xFE)
        return TOKEN_ERROR;
    return c == '\\' ? escape : self;
}

/* The reader checks escapes; here the byte only has to be text. */
static State after_backslash(guchar c, State string)
{
    return c < 0x20 || c >= 0xFE ? TOKEN_ERROR : string;
}

static State next_state(State state, guchar c)
{
    switch (state) {
    case STATE_START:
        return start_token(c);
    case STATE_STRING_DOUBLE:
        return in_string(c, '"', state, STATE_STRING_DOUBLE_ESCAPE);
    case STATE_STRING_SINGLE:
        return in_string(c, '\'', state, STATE_STRING_SINGLE_ESCAPE);
    case STATE_STRING_DOUBLE_ESCAPE:
        return after_backslash(c, STATE_STRING_DOUBLE);
    case STATE_STRING_SINGLE_ESCAPE:
        return after_backslash(c, STATE_STRING_SINGLE);
    case STATE_MINUS:
        return c == '0' ? STATE_ZERO : is_digit(c) ? STATE_DIGITS : TOKEN_ERROR;
    case STATE_ZERO:
        return c == '.' ? STATE_POINT : is_digit(c) ? TOKEN_ERROR : TOKEN_BEFORE;
    case STATE_DIGITS:
        if (c == '.')
            return STATE_POINT;
        if (c == 'e' || c == 'E')
            return STATE_EXPONENT;
        return is_digit(c) ? state : TOKEN_BEFORE;
    case STATE_POINT:
        return is_digit(c) ? STATE_FRACTION : TOKEN_ERROR;
    case STATE_FRACTION:
        if (c == 'e' || c == 'E')
            return STATE_EXPONENT;
        return is_digit(c) ? state : TOKEN_BEFORE;
    case STATE_EXPONENT:
        if (c == '+' || c == '-')
            return STATE_EXPONENT_SIGN;
        return is_digit(c) ? STATE_EXPONENT_DIGITS : TOKEN_ERROR;
    case STATE_EXPONENT_SIGN:
        return is_digit(c) ? STATE_EXPONENT_DIGITS : TOKEN_ERROR;
    case STATE_EXPONENT_DIGITS:
        return is_digit(c) ? state : TOKEN_BEFORE;
    case STATE_KEYWORD:
        return c >= 'a' && c <= 'z' ? state : TOKEN_BEFORE;
    default:
        g_assert_not_reached();
    }
}

/* Where parsing takes up again after a byte that no token can hold. */
static gboolean ends_recovery(guchar c)
{
    return (c < 0x20 && c != '\t') || c >= 0xFE || strchr("[]{}:,", c) != NULL;
}

/* The compiler makes vector instructions of this on any machine. */
typedef gint8 Signs __attribute__((vector_size(16)));
typedef guint64 Words __attribute__((vector_size(16)));

#define BLOCK 64

/* Whether BLOCK bytes of a string's inside are all ASCII without a meaning of their own. */
static inline gboolean block_is_plain(const char *data, char quote)
{
    Signs stop = { 0 };
    Words found;

    for (gsize i = 0; i < BLOCK; i += sizeof(Signs)) {
        Signs c;

        memcpy(&c, data + i, sizeof c);
        stop |= (c < 0x20) | (c == quote) | (c == '\\'); /* from 0x80 on they are negative */
    }
    found = (Words)stop;
    return (found[0] | found[1]) == 0;
}

/* How many bytes of a string's inside can be taken without a closer look. */
static gsize plain_run(const char *data, gsize len, char quote)
{
    gsize i = 0;

    while (i < len) {
        gsize end;

        while (len - i >= BLOCK && block_is_plain(data + i, quote))
            i += BLOCK;
        for (end = MIN(len, i + BLOCK); i < end; i++) {
            guchar c = (guchar)data[i];

            if (c < 0x20 || c == (guchar)quote || c == '\\' || c >= 0xFE)
                return i;
        }
    }
    return i;
}

static void error_frame(Frame *frame, const char *text, gsize len)
{
    frame->kind = FRAME_ERROR;
    frame->data = g_strndup(text, len);
    frame->len = strlen(frame->data);
}

/*
 * The token under way lies in what is held and, up to @end, in this push's
 * @message. A NUL ends the quotation, as it does in QEMU.
 */
static void stray_frame(Framer *framer, const char *message, gsize end, Frame *frame)
{
    g_autoptr(GString) text = g_string_new("JSON parse error, stray '");
    gsize here = MIN(framer->token_len, end);
    gsize before = framer->token_len - here;
    g_autoptr(GString) token = g_string_sized_new(MIN(framer->token_len, FRAMER_MAX_QUOTE) + 1);

    if (before > 0)
        g_string_append_len(token, (char *)framer->held->data + framer->held->len - before,
                            (gssize)MIN(before, FRAMER_MAX_QUOTE));
    if (token->len < FRAMER_MAX_QUOTE)
        g_string_append_len(token, message + end - here,
                            (gssize)MIN(here, FRAMER_MAX_QUOTE - token->len));
    g_string_append(text, token->str);
    if (framer->token_len > FRAMER_MAX_QUOTE)
        g_string_append(text, "...");
    g_string_append_c(text, '\'');
    error_frame(frame, text->str, text->len);
}

static void limit_frame(Framer *framer, const char *text, Frame *frame)
{
    error_frame(frame, text, strlen(text));
    framer_reset(framer);
}

static void message_frame(Framer *framer, const char *message, gsize len, Frame *frame)
{
    frame->kind = FRAME_MESSAGE;
    frame->len = framer->held->len + len;
    if (framer->held->len == 0) {
        frame->data = g_malloc(len + 1);
        memcpy(frame->data, message, len);
        frame->data[len] = '\0';
        return;
    }
    g_byte_array_append(framer->held, (const guint8 *)message, (guint)len);
    g_byte_array_append(framer->held, (const guint8 *)"", 1);
    frame->data = (char *)g_byte_array_free(framer->held, FALSE);
    framer->held = held_new();
}

static const char *exceeded_limit(const Framer *framer)
{
    if (framer->token_bytes >= FRAMER_MAX_TOKEN_BYTES)
        return "JSON token size limit exceeded";
    if (framer->tokens > FRAMER_MAX_TOKENS)
        return "JSON token count limit exceeded";
    if (framer->braces + framer->brackets > FRAMER_MAX_DEPTH)
        return "JSON nesting depth limit exceeded";
    return NULL;
}

/*
 * Books the token that ends before @end of @message. Returns TRUE when that
 * makes a frame: a complete message, or one that broke a limit.
 */
static gboolean finish_token(Framer *framer, const char *message, gsize end, Frame *frame)
{
    const char *limit;

    framer->state = STATE_START;
    framer->tokens++;
    framer->token_bytes += framer->token_len;
    framer->token_len = 0;
    limit = exceeded_limit(framer);
    if (limit) {
        limit_frame(framer, limit, frame);
        return TRUE;
    }
    /* A counter below zero also ends the message: the reader says why. */
    if ((framer->braces > 0 || framer->brackets > 0) && framer->braces >= 0 &&
        framer->brackets >= 0)
        return FALSE;
    message_frame(framer, message, end, frame);
    start_message(framer);
    return TRUE;
}

/* A token that is too long ends at a fixed byte; the next byte starts a new message. */
static gboolean token_too_long(Framer *framer, Frame *frame)
{
    if (framer->token_len <= FRAMER_MAX_TOKEN_BYTES)
        return FALSE;
    limit_frame(framer, "JSON token size limit exceeded", frame);
    return TRUE;
}

/* Keeps the rest of a push, which is the start of a message that the next push continues. */
static void hold_rest(Framer *framer, const char *message, gsize len, Frame *frame)
{
    if (!framer->in_message)
        return;
    if (framer->held->len + len > FRAMER_MAX_RAW_BYTES) {
        limit_frame(framer, "JSON token size limit exceeded", frame);
        return;
    }
    g_byte_array_append(framer->held, (const guint8 *)message, (guint)len);
}

static void count_nesting(Framer *framer, char c)
{
    framer->braces += (c == '{') - (c == '}');
    framer->brackets += (c == '[') - (c == ']');
}

/*
 * Takes one byte at @at. Returns TRUE when a frame is complete; *@consumed says
 * whether the byte is part of it.
 */
static gboolean take_byte(Framer *framer, const char *message, gsize at, Frame *frame,
                          gboolean *consumed)
{
    State next = next_state(framer->state, (guchar)message[at]);

    *consumed = next != TOKEN_BEFORE;
    switch (next) {
    case TOKEN_BLANK:
        return FALSE;
    case TOKEN_BEFORE:
        return finish_token(framer, message, at, frame);
    case TOKEN_DONE:
        if (framer->state == STATE_START)
            count_nesting(framer, message[at]);
        framer->token_len++;
        return finish_token(framer, message, at + 1, frame);
    case TOKEN_ERROR:
        framer->token_len++;
        stray_frame(framer, message, at + 1, frame);
        start_message(framer);
        framer->state = STATE_RECOVERY;
        return TRUE;
    default:
        framer->token_len++;
        framer->state = next;
        return token_too_long(framer, frame);
    }
}

gsize framer_push(Framer *framer, const char *data, gsize len, Frame *frame)
{
    gsize start = 0; /* where this push's part of the message begins */
    gsize i = 0;

    *frame = (Frame){ .kind = FRAME_NONE };
    while (i < len) {
        gboolean consumed;

        if (framer->state == STATE_RECOVERY) {
            if (!ends_recovery((guchar)data[i])) {
                i++;
                continue;
            }
            framer->state = STATE_START;
        }
        if (!framer->in_message) {
            if (start_token((guchar)data[i]) == TOKEN_BLANK) {
                i++;
                continue;
            }
            framer->in_message = TRUE;
            start = i;
        }
        if (framer->state == STATE_STRING_DOUBLE || framer->state == STATE_STRING_SINGLE) {
            char quote = framer->state == STATE_STRING_DOUBLE ? '"' : '\'';
            gsize room = FRAMER_MAX_TOKEN_BYTES + 1 - framer->token_len;
            gsize run = plain_run(data + i, MIN(len - i, room), quote);

            framer->token_len += run;
            i += run;
            if (token_too_long(framer, frame))
                return i;
            if (i == len)
                break;
        }
        if (take_byte(framer, data + start, i - start, frame, &consumed))
            return i + (consumed ? 1 : 0);
        i += consumed ? 1 : 0;
    }
    hold_rest(framer, data + start, len - start, frame);
    return len;
}
