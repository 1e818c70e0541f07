/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* The replacement for invalid bytes. */
#define REPLACEMENT_CHARACTER 0xFFFD

/*
 * Decodes the character at @text (@len > 0 bytes). Stores the number of its bytes in *@used.
 * Returns the code point, or -1 for a sequence that JSON between QEMU and the agent may not carry:
 * malformed or overlong (but C0 80 is U+0000), a surrogate, or a noncharacter.
 */
gint32 utf8_decode(const char *text, gsize len, gsize *used);

/* Whether utf8_decode() may return @code. */
gboolean utf8_valid_code(guint32 code);

/* Writes @code, U+0000 as C0 80, to @out (room for 4); returns the bytes used. */
gsize utf8_encode(guint32 code, char *out);
