/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/unescape.h"

#include <string.h>

#include "lib/errors.h"
#include "lib/json/utf8.h"

/* Length of "\uXXXX". */
#define UNICODE_ESCAPE_LEN 6

/* The four hexadecimal digits of the "\uXXXX" at @at, or -1. */
static gint32 read_hex4(const char *at, const char *end)
{
    gint32 code = 0;

    if (end - at < UNICODE_ESCAPE_LEN || at[0] != '\\' || at[1] != 'u')
        return -1;
    for (int i = 2; i < UNICODE_ESCAPE_LEN; i++) {
        if (!g_ascii_isxdigit(at[i]))
            return -1;
        code = code << 4 | g_ascii_xdigit_value(at[i]);
    }
    return code;
}

static gboolean is_high_surrogate(gint32 code)
{
    return code >= 0xD800 && code <= 0xDBFF;
}

static gboolean is_low_surrogate(gint32 code)
{
    return code >= 0xDC00 && code <= 0xDFFF;
}

static char *invalid_escape(GError **error)
{
    set_error(error, "JSON parse error, invalid escape sequence in string");
    return NULL;
}

/* How much of a faulty \u escape QEMU quotes: no further than the string goes. */
static int quotable_len(const char *at, const char *end, char quote)
{
    int len = 2;

    while (len < UNICODE_ESCAPE_LEN && at + len < end) {
        if (at[len] == quote)
            return len + 1;
        len += at[len] == '\\' ? 2 : 1;
    }
    return MIN(len, UNICODE_ESCAPE_LEN);
}

static char *invalid_character(const char *at, int len, GError **error)
{
    set_error(error, "JSON parse error, %.*s is not a valid Unicode character", len, at);
    return NULL;
}

/* Decodes the \u escape (or pair of them) at @at to *@out. Returns what follows, or NULL. */
static char *unescape_unicode(char *at, const char *end, char quote, char **out, GError **error)
{
    gint32 code = read_hex4(at, end);
    gsize len = UNICODE_ESCAPE_LEN;

    if (code < 0)
        return invalid_character(at, quotable_len(at, end, quote), error);
    if (is_high_surrogate(code)) {
        gint32 low = read_hex4(at + len, end);

        if (is_low_surrogate(low)) {
            code = 0x10000 + ((code & 0x3FF) << 10) + (low & 0x3FF);
            len += UNICODE_ESCAPE_LEN;
        }
    }
    if (!utf8_valid_code((guint32)code))
        return invalid_character(at, (int)len, error);
    *out += utf8_encode((guint32)code, *out);
    return at + len;
}

/* Decodes the escape at @at to *@out. Returns what follows it, or NULL. */
static char *unescape_one(char *at, const char *end, char quote, char **out, GError **error)
{
    static const char letters[] = "\"'\\/bfnrt";
    static const char meanings[] = "\"'\\/\b\f\n\r\t";
    const char *found;

    if (end - at < 2)
        return invalid_escape(error);
    if (at[1] == 'u')
        return unescape_unicode(at, end, quote, out, error);
    found = at[1] ? strchr(letters, at[1]) : NULL;
    if (!found)
        return invalid_escape(error);
    *(*out)++ = meanings[found - letters];
    return at + 2;
}

/* Copies the character at @at to *@out. Returns NULL if it is not valid. */
static char *copy_character(char *at, const char *end, char **out, GError **error)
{
    gsize used;

    if (utf8_decode(at, (gsize)(end - at), &used) < 0) {
        set_error(error, "JSON parse error, invalid UTF-8 sequence in string");
        return NULL;
    }
    memmove(*out, at, used);
    *out += used;
    return at + used;
}

/* The compiler makes vector instructions of this on any machine. */
typedef gint8 Signs __attribute__((vector_size(16)));
typedef guint64 Words __attribute__((vector_size(16)));

#define BLOCK 64

/* Whether BLOCK bytes are all ASCII characters that stand for themselves. */
static inline gboolean block_is_plain(const char *at, char quote)
{
    Signs stop = { 0 };
    Words found;

    for (gsize i = 0; i < BLOCK; i += sizeof(Signs)) {
        Signs c;

        memcpy(&c, at + i, sizeof c);
        stop |= (c < 0) | (c == quote) | (c == '\\');
    }
    found = (Words)stop;
    return (found[0] | found[1]) == 0;
}

/* The first byte from @at on that needs a closer look, or @end. */
static char *skip_plain(char *at, const char *end, char quote)
{
    while (end - at >= BLOCK && block_is_plain(at, quote))
        at += BLOCK;
    while (at < end && (guchar)*at < 0x80 && *at != '\\' && *at != quote)
        at++;
    return at;
}

char *unescape(char *start, const char *end, gsize *len, GError **error)
{
    char quote = *start;
    char *at = start + 1;
    char *out = at;

    while (at < end && *at != quote) {
        char *run = at;

        at = skip_plain(at, end, quote);
        if (out != run)
            memmove(out, run, (gsize)(at - run));
        out += at - run;
        if (at == end || *at == quote)
            break;
        at = *at == '\\' ? unescape_one(at, end, quote, &out, error)
                         : copy_character(at, end, &out, error);
        if (!at)
            return NULL;
    }
    if (at == end) {
        set_error(error, "JSON parse error, premature EOI");
        return NULL;
    }
    *len = (gsize)(out - (start + 1));
    *out = '\0';
    return at + 1;
}
