/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/arena.h"

/*
 * Walks through a text line by line, and through a line word by word, without copying: a piece
 * is a pointer into the text and a length.
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

/* Reads all of @piece as a decimal number. Returns FALSE if it is not a number, or too large. */
gboolean piece_to_uint64(const Piece *piece, guint64 *value);

/*
 * Returns the rest of the first line of @text that starts with @key ("DEVNAME=" in a sysfs
 * uevent file, "E:ID_SERIAL=" in a file of udev's database), in @arena; NULL if no line does.
 */
const char *property_find(const char *text, gsize len, const char *key, Arena *arena);
