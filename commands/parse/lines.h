/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Walks through a text line by line, and through a line word by word, without
 * copying: a piece is a pointer into the text and a length.
 */
typedef struct {
    const char *start;
    gsize len;
} Piece;

/* Takes the next line, without its newline, from *@rest. Returns FALSE at the end. */
gboolean next_line(Piece *rest, Piece *line);

/* Takes the next run of non-blanks from *@rest. Returns FALSE if there is none. */
gboolean next_word(Piece *rest, Piece *word);

gboolean piece_equal(const Piece *piece, const char *text);

/* Reads all of @piece as a decimal number. Returns FALSE if it is none or too large. */
gboolean piece_to_uint64(const Piece *piece, guint64 *value);
