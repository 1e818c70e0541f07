/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What takes the place of bytes that are no character. */
#define REPLACEMENT_CHARACTER 0xFFFD

/*
 * Decodes the character at @text (@len > 0 bytes are there). *@used is set to
 * the bytes it takes. Returns the code point, or -1 for what is no character
 * that JSON may carry between us and QEMU: malformed or overlong sequences
 * (but C0 80 is U+0000), surrogates, noncharacters.
 */
gint32 utf8_decode(const char *text, gsize len, gsize *used);

/* Whether @code is a character as above. */
gboolean utf8_valid_code(guint32 code);

/* Writes @code, U+0000 as C0 80, to @out (room for 4); returns the bytes used. */
gsize utf8_encode(guint32 code, char *out);
