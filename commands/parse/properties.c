/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/properties.h"

#include <string.h>

#include "commands/parse/lines.h"

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
