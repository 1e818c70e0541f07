/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The manual pages' generated parts, in the macros of man(7). Everything is appended to @out.
 * Text is UTF-8 and shown as it stands: nothing in it is taken for markup, and its hyphens are
 * those that can be pasted into a shell.
 */

/* Within a line. A newline in @text begins a new line of the source, an empty line a paragraph. */
void roff_text(GString *out, const char *text);

/* The same in bold, for what is typed, and in italics, for what stands for something else. */
void roff_bold(GString *out, const char *text);
void roff_italic(GString *out, const char *text);

/* @text as one or more sentences in lines of their own: with a capital and a full stop. */
void roff_sentence(GString *out, const char *text);
