/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The generated parts of the manual pages, in the macros of man(7). Everything is appended to @out.
 * Text is UTF-8; none of it is interpreted as markup, and its hyphens can be pasted into a shell.
 */

/* Within a line. A newline in @text begins a new line of the source, an empty line a paragraph. */
void roff_text(GString *out, const char *text);

/* The same in bold, for literal input, and in italics, for placeholders. */
void roff_bold(GString *out, const char *text);
void roff_italic(GString *out, const char *text);

/* @text as one or more sentences in lines of their own: with a capital and a full stop. */
void roff_sentence(GString *out, const char *text);
