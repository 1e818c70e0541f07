/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/pressure.h"

#include <math.h>
#include <string.h>

#include "commands/parse/lines.h"

/* No share of time is written with so many characters. */
#define SHARE_LEN 32

/* Takes the next word, "NAME=...", and returns the part after the equals sign. */
static gboolean next_value(Piece *line, const char *name, Piece *value)
{
    gsize len = strlen(name);

    if (!next_word(line, value) || value->len <= len || memcmp(value->start, name, len) != 0)
        return FALSE;
    value->start += len;
    value->len -= len;
    return TRUE;
}

static gboolean next_share(Piece *line, const char *name, double *share)
{
    char text[SHARE_LEN];
    Piece value;
    char *end;

    if (!next_value(line, name, &value) || value.len >= sizeof text ||
        !g_ascii_isdigit(*value.start))
        return FALSE;
    memcpy(text, value.start, value.len);
    text[value.len] = '\0';
    *share = g_ascii_strtod(text, &end);
    return end == text + value.len && isfinite(*share);
}

static gboolean take_stall(Piece *line, Stall *stall)
{
    Piece total;

    return next_share(line, "avg10=", &stall->avg10) && next_share(line, "avg60=", &stall->avg60) &&
           next_share(line, "avg300=", &stall->avg300) && next_value(line, "total=", &total) &&
           piece_to_uint64(&total, &stall->total_us);
}

void pressure_parse(const char *text, gsize len, Pressure *pressure)
{
    Piece rest = { text, len };
    Piece line, word;

    while (next_line(&rest, &line)) {
        if (!next_word(&line, &word))
            continue;
        if (piece_equal(&word, "some"))
            pressure->has_some = take_stall(&line, &pressure->some);
        else if (piece_equal(&word, "full"))
            pressure->has_full = take_stall(&line, &pressure->full);
    }
}
