/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/reader.h"

#include <string.h>

#include "lib/errors.h"
#include "lib/json/unescape.h"
#include "lib/numbers.h"

/* The framer lets no message through that nests deeper. */
#define MAX_DEPTH 1024
/* QEMU cuts what it says of a fault; only a long keyword gets there. */
#define MAX_FAULT 1023
/* From here on the names of an object are indexed, to find duplicates. */
#define INDEX_FROM 16

typedef enum {
    TOKEN_END,
    TOKEN_PUNCTUATION, /* one of {}[]:, */
    TOKEN_STRING,
    TOKEN_NUMBER,
    TOKEN_KEYWORD,
} TokenKind;

/* What the grammar has next. */
typedef enum {
    EXPECT_VALUE,
    EXPECT_VALUE_OR_CLOSE, /* right after a [ */
    EXPECT_NAME,
    EXPECT_NAME_OR_CLOSE, /* right after a { */
    EXPECT_COLON,
    EXPECT_SEPARATOR, /* a comma, or the end of the list or object */
    EXPECT_NOTHING,
} Expect;

/* A list or object whose end has not been reached. */
typedef struct {
    Value *container;
    const char *name;     /* of the member under way */
    GTree *names;         /* of all members so far, in a large object */
    gboolean is_name;     /* it stands where a name should */
} Frame;

typedef struct {
    Arena *arena;
    char *at;
    char *end;
    TokenKind kind; /* of the token looked at */
    char *start;
    gsize len; /* except of a string, which is decoded when it is used */
    Expect expect;
    Value *root;
    guint depth;
    Frame stack[MAX_DEPTH];
} Reader;

static gboolean fail(GError **error, const char *what)
{
    return set_error(error, "JSON parse error, %s", what);
}

static gsize run_len(const char *start, const char *end, const char *accepted)
{
    const char *at = start;

    while (at < end && *at && strchr(accepted, *at))
        at++;
    return (gsize)(at - start);
}

static const char *skip_digits(const char *at, const char *end)
{
    while (at < end && g_ascii_isdigit(*at))
        at++;
    return at;
}

/* As the framer cuts numbers: after a lone 0 only a fraction may follow. */
static gsize number_len(const char *start, const char *end)
{
    const char *at = start + (*start == '-');
    gboolean lone_zero = at < end && *at == '0';

    at = lone_zero ? at + 1 : skip_digits(at, end);
    if (at < end && *at == '.')
        at = skip_digits(at + 1, end);
    else if (lone_zero)
        return (gsize)(at - start);
    if (at < end && (*at == 'e' || *at == 'E')) {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        at = skip_digits(at, end);
    }
    return (gsize)(at - start);
}

static void next_token(Reader *reader)
{
    char c;

    reader->at += run_len(reader->at, reader->end, " \t\r\n");
    reader->start = reader->at;
    reader->len = 0;
    if (reader->at >= reader->end) {
        reader->kind = TOKEN_END;
        return;
    }
    c = *reader->at;
    if (c == '"' || c == '\'') {
        reader->kind = TOKEN_STRING;
    } else if (c == '-' || g_ascii_isdigit(c)) {
        reader->kind = TOKEN_NUMBER;
        reader->len = number_len(reader->at, reader->end);
    } else if (g_ascii_islower(c)) {
        reader->kind = TOKEN_KEYWORD;
        reader->len = run_len(reader->at, reader->end, "abcdefghijklmnopqrstuvwxyz");
    } else {
        reader->kind = TOKEN_PUNCTUATION;
        reader->len = 1;
    }
    reader->at += reader->len;
}

static gboolean is_punctuation(const Reader *reader, char c)
{
    return reader->kind == TOKEN_PUNCTUATION && *reader->start == c;
}

static Value *new_value(Reader *reader, ValueKind kind)
{
    Value *value = arena_alloc(reader->arena, sizeof *value);

    value->kind = kind;
    return value;
}

/* An integer that fits 64 bits, with or without sign, stays one. */
static gboolean read_integer(const char *text, Value *value)
{
    if (strpbrk(text, ".eE"))
        return FALSE;
    value->kind = VALUE_INT;
    if (numbers_int64(text, NULL, 10, &value->integer))
        return TRUE;
    value->kind = VALUE_UINT;
    return *text != '-' && numbers_uint64(text, NULL, 10, &value->uinteger);
}

static Value *read_number(Reader *reader)
{
    char *end = reader->start + reader->len;
    char saved = *end;
    Value *value = new_value(reader, VALUE_INT);

    *end = '\0';
    if (!read_integer(reader->start, value)) {
        value->kind = VALUE_DOUBLE;
        value->number = g_ascii_strtod(reader->start, NULL);
    }
    *end = saved;
    return value;
}

static gboolean is_keyword(const Reader *reader, const char *word)
{
    return reader->len == strlen(word) && memcmp(reader->start, word, reader->len) == 0;
}

static Value *read_keyword(Reader *reader, GError **error)
{
    g_autofree char *fault = NULL;
    Value *value;

    if (is_keyword(reader, "null"))
        return new_value(reader, VALUE_NULL);
    if (is_keyword(reader, "true") || is_keyword(reader, "false")) {
        value = new_value(reader, VALUE_BOOL);
        value->boolean = *reader->start == 't';
        return value;
    }
    fault = g_strdup_printf("invalid keyword '%.*s'", (int)MIN(reader->len, (gsize)MAX_FAULT),
                            reader->start);
    fault[MIN(strlen(fault), (gsize)MAX_FAULT)] = '\0';
    fail(error, fault);
    return NULL;
}

static Value *read_string(Reader *reader, GError **error)
{
    Value *value = new_value(reader, VALUE_STRING);
    char *next = unescape(reader->start, reader->end, &value->string.len, error);

    if (!next)
        return NULL;
    value->string.text = reader->start + 1;
    reader->at = next;
    return value;
}

/* The value that starts with the current token; of a list or an object, only the start. */
static Value *read_start(Reader *reader, GError **error)
{
    switch (reader->kind) {
    case TOKEN_STRING:
        return read_string(reader, error);
    case TOKEN_NUMBER:
        return read_number(reader);
    case TOKEN_KEYWORD:
        return read_keyword(reader, error);
    case TOKEN_PUNCTUATION:
        if (is_punctuation(reader, '{'))
            return new_value(reader, VALUE_OBJECT);
        if (is_punctuation(reader, '['))
            return new_value(reader, VALUE_LIST);
        break;
    case TOKEN_END:
        fail(error, "premature EOI");
        return NULL;
    }
    fail(error, "expecting value");
    return NULL;
}

static int compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(a, b);
}

/* Whether the object on top has a member of @name; the names of a large one are indexed. */
static gboolean has_member(Frame *frame, const char *name)
{
    const Value *object = frame->container;

    if (object->items.len < INDEX_FROM)
        return value_member(object, name) != NULL;
    if (!frame->names) {
        frame->names = g_tree_new(compare_names);
        for (Value *member = object->items.first; member; member = member->next)
            g_tree_insert(frame->names, (char *)member->name, member);
    }
    return g_tree_lookup(frame->names, name) != NULL;
}

static gboolean add_member(Frame *frame, Value *value, GError **error)
{
    if (frame->container->kind == VALUE_OBJECT) {
        if (has_member(frame, frame->name))
            return fail(error, "duplicate key");
        value->name = frame->name;
        if (frame->names)
            g_tree_insert(frame->names, (char *)value->name, value);
    }
    value_append(frame->container, value);
    return TRUE;
}

/* @value is complete: it is a name, the message, or an item of what is on top. */
static gboolean completed(Reader *reader, Value *value, gboolean is_name, GError **error)
{
    Frame *frame = reader->depth ? &reader->stack[reader->depth - 1] : NULL;

    if (is_name) {
        if (value->kind != VALUE_STRING)
            return fail(error, "key is not a string in object");
        frame->name = value->string.text; /* NOLINT: a name is within an object's frame */
        reader->expect = EXPECT_COLON;
        return TRUE;
    }
    if (!frame) {
        reader->root = value;
        reader->expect = EXPECT_NOTHING;
        return TRUE;
    }
    reader->expect = EXPECT_SEPARATOR;
    return add_member(frame, value, error);
}

static gboolean take_value(Reader *reader, GError **error)
{
    gboolean is_name = reader->expect == EXPECT_NAME || reader->expect == EXPECT_NAME_OR_CLOSE;
    Value *value = read_start(reader, error);

    if (!value)
        return FALSE;
    if (value->kind != VALUE_LIST && value->kind != VALUE_OBJECT)
        return completed(reader, value, is_name, error);
    if (reader->depth == MAX_DEPTH)
        return fail(error, "nesting too deep");
    reader->stack[reader->depth++] = (Frame){ .container = value, .is_name = is_name };
    reader->expect = value->kind == VALUE_LIST ? EXPECT_VALUE_OR_CLOSE : EXPECT_NAME_OR_CLOSE;
    return TRUE;
}

static gboolean is_close(const Reader *reader)
{
    const Frame *frame = &reader->stack[reader->depth - 1];

    return is_punctuation(reader, frame->container->kind == VALUE_LIST ? ']' : '}');
}

static gboolean take_close(Reader *reader, GError **error)
{
    Frame frame = reader->stack[--reader->depth];

    g_clear_pointer(&frame.names, g_tree_unref);
    return completed(reader, frame.container, frame.is_name, error);
}

static gboolean take_separator(Reader *reader, GError **error)
{
    gboolean list = reader->stack[reader->depth - 1].container->kind == VALUE_LIST;

    if (is_close(reader))
        return take_close(reader, error);
    if (!is_punctuation(reader, ','))
        return fail(error, list ? "expected separator in list" : "expected separator in dict");
    reader->expect = list ? EXPECT_VALUE : EXPECT_NAME;
    return TRUE;
}

static gboolean take_token(Reader *reader, GError **error)
{
    switch (reader->expect) {
    case EXPECT_VALUE_OR_CLOSE:
    case EXPECT_NAME_OR_CLOSE:
        return is_close(reader) ? take_close(reader, error) : take_value(reader, error);
    case EXPECT_VALUE:
    case EXPECT_NAME:
        return take_value(reader, error);
    case EXPECT_COLON:
        if (!is_punctuation(reader, ':'))
            return fail(error, "missing : in object pair");
        reader->expect = EXPECT_VALUE;
        return TRUE;
    case EXPECT_SEPARATOR:
        return take_separator(reader, error);
    case EXPECT_NOTHING:
        break;
    }
    return fail(error, "expecting the end");
}

Value *json_read(Arena *arena, char *text, gsize len, GError **error)
{
    Reader reader; /* not initialized as a whole: its stack is large and used from the bottom */
    gboolean ok = TRUE;

    reader.arena = arena;
    reader.at = text;
    reader.end = text + len;
    reader.expect = EXPECT_VALUE;
    reader.root = NULL;
    reader.depth = 0;
    do {
        next_token(&reader);
        if (reader.kind == TOKEN_END && reader.expect == EXPECT_NOTHING)
            break;
        ok = take_token(&reader, error);
    } while (ok);
    while (reader.depth > 0)
        g_clear_pointer(&reader.stack[--reader.depth].names, g_tree_unref);
    return ok ? reader.root : NULL;
}
