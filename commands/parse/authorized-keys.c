/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/authorized-keys.h"

#include <string.h>

#include "lib/errors.h"

/* The length of the quotation of a refused key in its error. */
#define MAX_QUOTE 1024
/* U+0000, as strings of the wire encode it. */
#define WIRE_NUL "\xC0\x80"

gboolean authorized_key_check(const char *key, GError **error)
{
    gsize len = strlen(key);
    gboolean bad = key[0] == '#' || len > AUTHORIZED_KEY_MAX || strstr(key, WIRE_NUL);

    for (gsize i = 0; i < len && !bad; i++)
        bad = g_ascii_iscntrl(key[i]) && key[i] != '\t';
    if (!bad)
        return TRUE;
    return set_error(error, "invalid OpenSSH public key: '%.*s%s'", MAX_QUOTE, key,
                     len > MAX_QUOTE ? "..." : "");
}

/* Takes the next line of @text from *@at on; FALSE at its end. An empty text has no line. */
static gboolean next_line(const GString *text, gsize *at, const char **line, gsize *len)
{
    const char *end;

    if (*at > text->len || text->len == 0)
        return FALSE;
    *line = text->str + *at;
    end = memchr(*line, '\n', text->len - *at);
    *len = end ? (gsize)(end - *line) : text->len - *at;
    *at += *len + 1;
    return TRUE;
}

GPtrArray *authorized_keys_list(const GString *text)
{
    GPtrArray *keys = g_ptr_array_new_with_free_func(g_free);
    const char *line;
    gsize len;

    for (gsize at = 0; next_line(text, &at, &line, &len);) {
        char *key = g_strstrip(g_strndup(line, len));

        if (*key && *key != '#')
            g_ptr_array_add(keys, key);
        else
            g_free(key);
    }
    for (guint i = 0; i < keys->len / 2; i++) {
        gpointer other = keys->pdata[keys->len - 1 - i];

        keys->pdata[keys->len - 1 - i] = keys->pdata[i];
        keys->pdata[i] = other;
    }
    return keys;
}

/* The lines of @text as a set, to be freed. */
static GHashTable *set_of_lines(const GString *text)
{
    GHashTable *set = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    const char *line;
    gsize len;

    for (gsize at = 0; next_line(text, &at, &line, &len);)
        if (!memchr(line, '\0', len))
            g_hash_table_add(set, g_strndup(line, len));
    return set;
}

GString *authorized_keys_add(const GString *text, char *const *keys)
{
    g_autoptr(GHashTable) known = set_of_lines(text);
    GString *out = g_string_new_len(text->str, (gssize)text->len);
    gboolean first = text->len == 0;

    for (; *keys; keys++) {
        if (!g_hash_table_add(known, g_strdup(*keys)))
            continue;
        if (!first)
            g_string_append_c(out, '\n');
        first = FALSE;
        g_string_append(out, *keys);
    }
    return out;
}

static GHashTable *set_of_keys(char *const *keys)
{
    GHashTable *set = g_hash_table_new(g_str_hash, g_str_equal);

    for (; *keys; keys++)
        g_hash_table_add(set, *keys);
    return set;
}

GString *authorized_keys_remove(const GString *text, char *const *keys)
{
    g_autoptr(GHashTable) unwanted = set_of_keys(keys);
    GString *out = g_string_new(NULL);
    gboolean first = TRUE;
    const char *line;
    gsize len;

    for (gsize at = 0; next_line(text, &at, &line, &len);) {
        g_autofree char *key = g_strndup(line, len);

        if (!memchr(line, '\0', len) && g_hash_table_contains(unwanted, key))
            continue;
        if (!first)
            g_string_append_c(out, '\n');
        first = FALSE;
        g_string_append_len(out, line, (gssize)len);
    }
    return out;
}
