/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/utf8.h"

gboolean utf8_valid_code(guint32 code)
{
    if (code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF))
        return FALSE;
    /* Unicode noncharacters. */
    return !(code >= 0xFDD0 && code <= 0xFDEF) && (code & 0xFFFE) != 0xFFFE;
}

/* Bytes of the sequence that @lead starts, 0 if none starts with it. */
static gsize sequence_len(guchar lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xC0)
        return 0;
    if (lead < 0xE0)
        return 2;
    if (lead < 0xF0)
        return 3;
    if (lead < 0xF8)
        return 4;
    if (lead < 0xFC)
        return 5;
    return lead < 0xFE ? 6 : 0;
}

gint32 utf8_decode(const char *text, gsize len, gsize *used)
{
    static const guint32 smallest[] = { 0, 0, 0x80, 0x800, 0x10000, 0x200000, 0x4000000 };
    const guchar *bytes = (const guchar *)text;
    gsize wanted = sequence_len(bytes[0]);
    guint32 code;

    *used = 1;
    if (wanted < 2)
        return wanted == 1 ? bytes[0] : -1;
    code = bytes[0] & (0x7Fu >> wanted);
    while (*used < wanted && *used < len && (bytes[*used] & 0xC0) == 0x80)
        code = code << 6 | (bytes[(*used)++] & 0x3F);
    if (*used < wanted)
        return -1;
    if (code < smallest[wanted] && !(code == 0 && wanted == 2))
        return -1;
    return utf8_valid_code(code) ? (gint32)code : -1;
}

gsize utf8_encode(guint32 code, char *out)
{
    if (code != 0 && code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}
