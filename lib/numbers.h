/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * To be called by a program before it starts threads. GLib makes its C locale when it reads the
 * first number; threads that do so at the same time wait for each other on a futex, which may
 * leave EAGAIN in errno although the number was read. g_ascii_string_to_signed() and its
 * siblings then refuse a valid number. (Seen with GLib 2.74.6.)
 */
void numbers_prepare(void);

/*
 * Read the number at the start of @text, in base 10 or 16, as g_ascii_strtoll() and
 * g_ascii_strtoull() do; *@end (@end may be NULL) is set to the character after it. Return FALSE
 * if it does not fit. Any other value of errno is ignored, for the reason above.
 */
gboolean numbers_int64(const char *text, char **end, guint base, gint64 *value);
gboolean numbers_uint64(const char *text, char **end, guint base, guint64 *value);
