/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/numbers.h"

#include <errno.h>

void numbers_prepare(void)
{
    g_ascii_strtoull("0", NULL, 10);
}

gboolean numbers_int64(const char *text, char **end, guint base, gint64 *value)
{
    errno = 0;
    *value = g_ascii_strtoll(text, end, base);
    return errno != ERANGE;
}

gboolean numbers_uint64(const char *text, char **end, guint base, guint64 *value)
{
    errno = 0;
    *value = g_ascii_strtoull(text, end, base);
    return errno != ERANGE;
}
