/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "commands/parse/authorized-keys.h"

/* What is told are keys: neither blank nor comments. */
static void check_list(const GString *text)
{
    g_autoptr(GPtrArray) keys = authorized_keys_list(text);

    CLAIM(keys->len <= text->len);
    for (guint i = 0; i < keys->len; i++) {
        const char *key = g_ptr_array_index(keys, i);

        CLAIM(*key && *key != '#' && !strchr(key, '\n'));
    }
}

/*
 * The first line is a key, the rest a file. Adding leaves what was there, and removing
 * undoes it, but for the same key that was there before.
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *end = memchr(data, '\n', size);
    gsize key_len = end ? (gsize)(end - data) : size;
    g_autofree char *key = g_strndup((const char *)data, key_len);
    char *keys[] = { key, NULL };
    g_autoptr(GString) text = g_string_new_len((const char *)data + key_len + (end != NULL),
                                               (gssize)(size - key_len - (end != NULL)));
    g_autoptr(GString) with = NULL, back = NULL, without = NULL;

    if (!authorized_key_check(key, NULL))
        return 0;
    with = authorized_keys_add(text, keys);
    back = authorized_keys_remove(with, keys);
    without = authorized_keys_remove(text, keys);
    CLAIM(with->len <= text->len + 1 + strlen(key));
    CLAIM(memcmp(with->str, text->str, text->len) == 0);
    CLAIM(g_string_equal(back, without));
    CLAIM(without->len <= text->len);
    check_list(text);
    check_list(with);
    return 0;
}
