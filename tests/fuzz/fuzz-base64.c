/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "lib/json/base64.h"

/*
 * What is accepted decodes as GLib decodes it, and whatever it was, its encoding is GLib's
 * and decodes to the same again. Texts are of their own size, so that reading past the end is noticed.
 */

static gboolean is_valid(const char *text, gsize len)
{
    for (gsize i = 0; i < len; i++)
        if (!g_ascii_isalnum(text[i]) && (!text[i] || !strchr("+/=\n", text[i])))
            return FALSE;
    return TRUE;
}

static void check_decoding(const char *text, gsize len)
{
    g_autofree char *copy = g_memdup2(text, len);
    g_autofree char *whole = g_strndup(text, len);
    g_autofree guchar *wanted = NULL;
    g_autoptr(GError) error = NULL;
    Bytes bytes = { copy, len };
    gsize wanted_len = 0;

    if (!bytes_decode(&bytes, &error)) {
        CLAIM(!is_valid(text, len));
        CLAIM(error != NULL);
        return;
    }
    CLAIM(is_valid(text, len));
    if (len > 0)
        wanted = g_base64_decode(whole, &wanted_len);
    CLAIM(bytes.len == wanted_len);
    CLAIM(wanted_len == 0 || memcmp(bytes.data, wanted, wanted_len) == 0);
}

static void check_encoding(const char *data, gsize len)
{
    g_autofree char *copy = g_memdup2(data, len);
    g_autofree char *wanted = g_base64_encode((const guchar *)data, len);
    g_autoptr(GString) text = g_string_new(NULL);
    Bytes bytes;

    json_append_base64(text, copy, len);
    CLAIM(text->len == strlen(wanted) + 2);
    CLAIM(memcmp(text->str + 1, wanted, strlen(wanted)) == 0);
    bytes = (Bytes){ text->str + 1, text->len - 2 };
    CLAIM(bytes_decode(&bytes, NULL));
    CLAIM(bytes.len == len && memcmp(bytes.data, data, len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0) {
        check_decoding((const char *)data, size);
        check_encoding((const char *)data, size);
    }
    return 0;
}
