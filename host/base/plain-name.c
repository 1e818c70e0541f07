/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/plain-name.h"

#include <string.h>

#define PLAIN_CHARS G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "._-"
#define DIGITS 8

static gboolean is_plain(const char *name)
{
    gsize len = strlen(name);

    return len > 0 && len <= PLAIN_NAME_MAX && strspn(name, PLAIN_CHARS) == len &&
           *name != '.' && *name != '-';
}

char *plain_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    g_autofree char *folded = NULL;
    g_autofree char *sum = NULL;

    if (is_plain(name))
        return g_strdup(name);
    folded = g_strndup(slash && slash[1] ? slash + 1 : name, PLAIN_NAME_MAX);
    sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, name, -1);
    g_strcanon(folded, PLAIN_CHARS, '_');
    if (*folded == '.' || *folded == '-')
        *folded = '_';
    return g_strdup_printf("%s~%.*s", folded, DIGITS, sum);
}
