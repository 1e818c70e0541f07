/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/figures.h"

#include "commands/parse/lines.h"

#define KIB 1024

static void take_line(Piece *line, Figure *figures, gsize n_figures)
{
    Piece name, word, unit;
    guint64 value;

    if (!next_word(line, &name) || !next_word(line, &word) || !piece_to_uint64(&word, &value))
        return;
    if (name.start[name.len - 1] == ':')
        name.len--;
    if (next_word(line, &unit) && piece_equal(&unit, "kB")) {
        if (value > G_MAXUINT64 / KIB)
            return;
        value *= KIB;
    }
    for (gsize i = 0; i < n_figures; i++) {
        if (!piece_equal(&name, figures[i].name))
            continue;
        figures[i].found = true;
        figures[i].value = value;
    }
}

void figures_parse(const char *text, gsize len, Figure *figures, gsize n_figures)
{
    Piece rest = { text, len };
    Piece line;

    while (next_line(&rest, &line))
        take_line(&line, figures, n_figures);
}
