/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/base64.h"

#include <string.h>

#include "lib/errors.h"

/*
 * Most of a text is letters, digits, + and /, without end of line or padding. That is done
 * in blocks, with vectors that the compiler makes instructions of on any machine; what is
 * odd is left to GLib, whose leniency is QEMU's.
 */
typedef guint8 Bytes16 __attribute__((vector_size(16)));
typedef gint8 Signs16 __attribute__((vector_size(16)));
typedef guint16 Pairs __attribute__((vector_size(16)));
typedef guint32 Fours __attribute__((vector_size(16)));
typedef guint64 Eights __attribute__((vector_size(16)));

#define VECTOR 16
#define BLOCK (4 * VECTOR) /* characters; and 3 * VECTOR bytes */
/* Lanes are put together the way a little-endian machine lays them out. */
#define HAVE_BLOCKS (G_BYTE_ORDER == G_LITTLE_ENDIAN)
/* How far characters of one kind are from another; modulo 256, as bytes are added. */
#define STEP(distance) ((guint8)((distance) & 0xFF))

/* The six bits that each character stands for; *@bad gets bits where one is none of base64. */
static inline Bytes16 values_of(const char *text, Signs16 *bad)
{
    Signs16 c, upper, lower, plus, slash, digit;
    Bytes16 value;

    memcpy(&c, text, sizeof c);
    upper = c > 'A' - 1;
    lower = c > 'a' - 1;
    plus = c == '+';
    slash = c == '/';
    digit = (c > '0' - 1) & (c < '9' + 1);
    /* Bytes from 0x80 on are negative here, and in none of the ranges. */
    *bad |= ~((upper & (c < 'Z' + 1)) | (lower & (c < 'z' + 1)) | plus | slash | digit);
    value = (Bytes16)c + STEP(52 - '0');
    value += (Bytes16)upper & STEP('0' - 52 - 'A');
    value += (Bytes16)lower & STEP('A' + 26 - 'a'); /* which are above A, too */
    value += (Bytes16)plus & STEP(62 - '+' - (52 - '0'));
    value += (Bytes16)slash & STEP(63 - '/' - (52 - '0'));
    return value;
}

/* Writes twelve bytes, and two more that the next ones go over. */
static inline void pack(Bytes16 values, char *out)
{
    Pairs pairs = (Pairs)values;
    Fours fours;
    Eights eights;

    pairs = (pairs & 0xFF) << 6 | pairs >> 8;
    fours = (Fours)pairs;
    fours = (fours & 0xFFFF) << 12 | fours >> 16;
    eights = (Eights)fours;
    eights = (eights & 0xFFFFFFFF) << 24 | eights >> 32;
    for (int i = 0; i < 2; i++) {
        guint64 bytes = GUINT64_TO_BE(eights[i] << 16);

        memcpy(out + 6 * i, &bytes, sizeof bytes);
    }
}

/* Returns FALSE, with nothing written, if there is a character that needs a closer look. */
static inline gboolean decode_block(const char *text, char *out)
{
    Signs16 bad = { 0 };
    Bytes16 values[4];
    Eights found;

    for (int i = 0; i < 4; i++)
        values[i] = values_of(text + i * VECTOR, &bad);
    found = (Eights)bad;
    if (found[0] | found[1])
        return FALSE;
    for (int i = 0; i < 4; i++)
        pack(values[i], out + i * 12);
    return TRUE;
}

static gboolean is_base64(char c)
{
    return g_ascii_isalnum(c) || c == '+' || c == '/' || c == '=' || c == '\n';
}

/* What GLib's decoder remembers; @state is 0 between two groups of four. */
typedef struct {
    int state;
    guint save;
} Step;

/* Decodes at least one character, up to the end of a group. Returns how many; 0: one is invalid. */
static gsize decode_group(const char *text, gsize len, char **out, Step *step)
{
    gsize used = 0;

    do {
        guchar decoded[3];
        gsize n;

        if (!is_base64(text[used]))
            return 0;
        n = g_base64_decode_step(&text[used++], 1, decoded, &step->state, &step->save);
        memcpy(*out, decoded, n);
        *out += n;
    } while (used < len && step->state != 0);
    return used;
}

gboolean bytes_decode(Bytes *bytes, GError **error)
{
    Step step = { 0, 0 };
    char *out = bytes->data;
    gsize at = 0;

    while (at < bytes->len) {
        gsize used;

        while (HAVE_BLOCKS && bytes->len - at >= BLOCK && decode_block(bytes->data + at, out)) {
            at += BLOCK;
            out += BLOCK / 4 * 3;
        }
        if (at == bytes->len)
            break;
        used = decode_group(bytes->data + at, bytes->len - at, &out, &step);
        if (used == 0)
            return set_error(error, "Base64 data contains invalid characters");
        at += used;
    }
    bytes->len = (gsize)(out - bytes->data);
    return TRUE;
}

/* Spreads the twelve bytes at @data (sixteen can be read) over sixteen values of six bits. */
static inline Bytes16 unpack(const char *data)
{
    Eights eights;
    Fours fours;
    Pairs pairs;

    for (int i = 0; i < 2; i++) {
        guint64 bytes;

        memcpy(&bytes, data + 6 * i, sizeof bytes);
        eights[i] = GUINT64_FROM_BE(bytes) >> 16;
    }
    fours = (Fours)(eights >> 24 | (eights & 0xFFFFFF) << 32);
    pairs = (Pairs)(fours >> 12 | (fours & 0xFFF) << 16);
    return (Bytes16)(pairs >> 6 | (pairs & 0x3F) << 8);
}

static inline void encode_vector(const char *data, char *out)
{
    Bytes16 value = unpack(data);
    Bytes16 c = value + 'A';

    c += (Bytes16)(value > 25) & STEP('a' - 26 - 'A');
    c += (Bytes16)(value > 51) & STEP('0' - 52 - ('a' - 26));
    c += (Bytes16)(value > 61) & STEP('+' - 62 - ('0' - 52));
    c += (Bytes16)(value > 62) & STEP('/' - 63 - ('+' - 62));
    memcpy(out, &c, sizeof c);
}

void json_append_base64(GString *out, const char *data, gsize len)
{
    gsize start = out->len;
    int state = 0, save = 0;
    gsize at = 0;
    char *to;

    /* The text, its quotes and, so that the reply need not move, what comes after it. */
    g_string_set_size(out, start + (len / 3 + 1) * 4 + 64);
    to = out->str + start;
    *to++ = '"';
    for (; HAVE_BLOCKS && len - at >= VECTOR; at += 12, to += VECTOR)
        encode_vector(data + at, to);
    to += g_base64_encode_step((const guchar *)data + at, len - at, FALSE, to, &state, &save);
    to += g_base64_encode_close(FALSE, to, &state, &save);
    *to++ = '"';
    g_string_truncate(out, (gsize)(to - out->str));
}
