/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "lib/json/reader.h"
#include "lib/json/writer.h"

/* What was read and written is read and written again as the same text. */

static GString *rewrite(const char *text, gsize len, gboolean must_succeed)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    char *copy = g_malloc(len + 1);
    GString *out;
    Value *value;

    memcpy(copy, text, len);
    copy[len] = '\0';
    arena_adopt(arena, copy);
    value = json_read(arena, copy, len, &error);
    CLAIM((value == NULL) == (error != NULL));
    if (!value) {
        CLAIM(g_str_has_prefix(error->message, "JSON parse error, "));
        CLAIM(!must_succeed);
        return NULL;
    }
    out = g_string_new(NULL);
    json_append_value(out, value);
    return out;
}

/*
 * The one number that changes is -0.0: written as "-0", which is read as the
 * integer 0. Replaces the former by the latter outside of strings.
 */
static void unsign_zeros(GString *text)
{
    gboolean in_string = FALSE;

    for (gsize i = 0; i < text->len; i++) {
        const char *at = text->str + i;

        if (in_string && *at == '\\')
            i++;
        else if (*at == '"')
            in_string = !in_string;
        else if (!in_string && g_str_has_prefix(at, "-0") && at[2] != '.' &&
                 (i == 0 || at[-1] != 'e'))
            g_string_erase(text, (gssize)i, 1);
    }
}

static void check_ascii(const GString *text)
{
    for (gsize i = 0; i < text->len; i++)
        CLAIM(text->str[i] >= 0x20 && text->str[i] < 0x7F);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(GString) first = rewrite((const char *)data, size, FALSE);
    g_autoptr(GString) second = NULL;

    if (!first)
        return 0;
    check_ascii(first);
    second = rewrite(first->str, first->len, TRUE);
    unsign_zeros(first);
    CLAIM(g_string_equal(first, second));
    return 0;
}
