/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/lines.h"

#include <string.h>

static gboolean is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static void skip(Piece *piece, gsize n)
{
    piece->start += n;
    piece->len -= n;
}

gboolean next_line(Piece *rest, Piece *line)
{
    const char *newline;

    if (rest->len == 0)
        return FALSE;
    newline = memchr(rest->start, '\n', rest->len);
    line->start = rest->start;
    line->len = newline ? (gsize)(newline - rest->start) : rest->len;
    skip(rest, line->len + (newline != NULL));
    return TRUE;
}

gboolean next_word(Piece *rest, Piece *word)
{
    while (rest->len > 0 && is_blank(*rest->start))
        skip(rest, 1);
    word->start = rest->start;
    word->len = 0;
    while (word->len < rest->len && !is_blank(word->start[word->len]))
        word->len++;
    skip(rest, word->len);
    return word->len > 0;
}

gboolean piece_equal(const Piece *piece, const char *text)
{
    return strlen(text) == piece->len && memcmp(piece->start, text, piece->len) == 0;
}

gboolean piece_to_uint64(const Piece *piece, guint64 *value)
{
    guint64 total = 0;

    for (gsize i = 0; i < piece->len; i++) {
        guint digit = (guint)(piece->start[i] - '0');

        if (digit > 9 || total > (G_MAXUINT64 - digit) / 10)
            return FALSE;
        total = total * 10 + digit;
    }
    *value = total;
    return piece->len > 0;
}

const char *property_find(const char *text, gsize len, const char *key, Arena *arena)
{
    Piece rest = { text, len };
    gsize key_len = strlen(key);
    Piece line;

    while (next_line(&rest, &line))
        if (line.len >= key_len && memcmp(line.start, key, key_len) == 0)
            return arena_strndup(arena, line.start + key_len, line.len - key_len);
    return NULL;
}
