/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Decodes the JSON string whose opening quote is at @start, in place: its text
 * then begins at @start + 1, *@len bytes long and NUL-terminated. @end is the
 * end of the input. Returns the byte after the closing quote, or NULL with
 * @error set to QEMU's text for the first fault.
 */
char *unescape(char *start, const char *end, gsize *len, GError **error);
