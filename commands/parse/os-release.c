/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/os-release.h"

#include <stddef.h>
#include <string.h>

#include "commands/parse/lines.h"

static const struct {
    const char *key;
    gsize offset;
} keys[] = {
    { "ID", offsetof(OsRelease, id) },
    { "NAME", offsetof(OsRelease, name) },
    { "PRETTY_NAME", offsetof(OsRelease, pretty_name) },
    { "VERSION", offsetof(OsRelease, version) },
    { "VERSION_ID", offsetof(OsRelease, version_id) },
    { "VARIANT", offsetof(OsRelease, variant) },
    { "VARIANT_ID", offsetof(OsRelease, variant_id) },
};

static void trim(Piece *piece)
{
    while (piece->len > 0 && g_ascii_isspace(*piece->start)) {
        piece->start++;
        piece->len--;
    }
    while (piece->len > 0 && g_ascii_isspace(piece->start[piece->len - 1]))
        piece->len--;
}

/* The characters before which a backslash is special in double quotes. */
static gboolean is_escapable(char c)
{
    return c != '\0' && strchr("$'\"\\`", c) != NULL;
}

static char *unquote_double(const Piece *value, Arena *arena)
{
    char *out = arena_alloc(arena, value->len + 1);
    gsize used = 0;

    for (gsize i = 1; i < value->len && value->start[i] != '"'; i++) {
        if (value->start[i] == '\\' && i + 1 < value->len && is_escapable(value->start[i + 1]))
            i++;
        out[used++] = value->start[i];
    }
    return out;
}

static char *unquote(const Piece *value, Arena *arena)
{
    const char *end = NULL;
    gsize len = 0;

    if (value->len > 0 && *value->start == '"')
        return unquote_double(value, arena);
    if (value->len > 0 && *value->start == '\'') {
        end = memchr(value->start + 1, '\'', value->len - 1);
        len = end ? (gsize)(end - value->start) - 1 : value->len - 1;
        return arena_strndup(arena, value->start + 1, len);
    }
    while (len < value->len && value->start[len] != ' ' && value->start[len] != ';')
        len++;
    return arena_strndup(arena, value->start, len);
}

static void take_line(const Piece *line, Arena *arena, OsRelease *release)
{
    const char *equals = memchr(line->start, '=', line->len);
    Piece key, value;

    if (!equals)
        return;
    key = (Piece){ line->start, (gsize)(equals - line->start) };
    value = (Piece){ equals + 1, line->len - key.len - 1 };
    trim(&key);
    trim(&value);
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (piece_equal(&key, keys[i].key))
            *(const char **)(void *)((char *)release + keys[i].offset) = unquote(&value, arena);
}

void os_release_parse(const char *text, gsize len, Arena *arena, OsRelease *release)
{
    Piece rest = { text, len };
    Piece line;

    *release = (OsRelease){ NULL };
    while (next_line(&rest, &line))
        take_line(&line, arena, release);
}
