/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/json/base64.h"

#include <string.h>

static gboolean decode(char *text, gsize len, Bytes *bytes, GError **error)
{
    *bytes = (Bytes){ text, len };
    return bytes_decode(bytes, error);
}

/* Every byte at every place of a group, and every length of the last group. */
static void test_round_trip(void)
{
    for (gsize len = 0; len < 600; len++) {
        g_autofree char *data = g_malloc(len + 1);
        g_autoptr(GString) text = g_string_new("before");
        g_autofree char *wanted = NULL, *quoted = NULL;
        Bytes bytes;

        for (gsize i = 0; i < len; i++)
            data[i] = (char)(i * 7 + len);
        json_append_base64(text, data, len);
        wanted = g_base64_encode((const guchar *)data, len);
        quoted = g_strdup_printf("before\"%s\"", wanted);
        g_assert_cmpstr(text->str, ==, quoted);
        g_assert_true(decode(wanted, strlen(wanted), &bytes, NULL));
        g_assert_cmpmem(bytes.data, bytes.len, data, len);
    }
}

/* Odd texts decode as GLib's g_base64_decode() decodes them, which qemu-ga uses. */
static void test_lenient(void)
{
    static const char *const texts[] = {
        "", "Q", "QQ", "QUI", "QUJD", "QQ=", "QQ==", "QUI=", "=", "==", "====", "=QQ==",
        "QQ==QUI=", "Q=Q=", "QU=JD", "QUJD\n", "\nQUJD", "QU\nJD\nRA==", "Q\nQ\n=\n=\n",
        "QUJDRA=", "QUJDRA===", "QUJD=QUJD", "\n", "\n\n", "QUJDQ",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autofree char *text = g_strdup(texts[i]);
        g_autofree guchar *wanted = NULL;
        gsize wanted_len = 0;
        Bytes bytes;

        wanted = *texts[i] ? g_base64_decode(texts[i], &wanted_len) : NULL;
        g_assert_true(decode(text, strlen(text), &bytes, NULL));
        g_assert_cmpmem(bytes.data, bytes.len, wanted, wanted_len);
    }
}

static void test_invalid(void)
{
    for (int c = 0; c < 256; c++) {
        char text[] = "QUJDQUJDQUJDQUJDQUJDQUJDQUJDQUJD";
        gboolean valid = g_ascii_isalnum(c) || (c && strchr("+/=\n", c));

        for (gsize at = 0; at < sizeof text - 1; at++) {
            g_autoptr(GError) error = NULL;
            g_autofree char *copy = g_strdup(text);
            Bytes bytes;

            copy[at] = (char)c;
            g_assert_true(decode(copy, sizeof text - 1, &bytes, &error) == valid);
            if (valid)
                continue;
            g_assert_cmpstr(error->message, ==, "Base64 data contains invalid characters");
            g_assert_cmpuint(bytes.len, ==, sizeof text - 1);
        }
    }
}

/* Long texts are taken in blocks: what is no letter or digit is found at each place of one. */
static void test_every_place(void)
{
    for (gsize at = 0; at < 300; at++) {
        for (const char *c = "=\n!\x80"; *c; c++) {
            g_autofree char *text = g_strnfill(300, 'Q');
            g_autofree guchar *wanted = NULL;
            gsize wanted_len = 0;
            Bytes bytes;

            text[at] = *c;
            if (*c == '!' || *c == '\x80') {
                g_assert_false(decode(text, 300, &bytes, NULL));
                continue;
            }
            wanted = g_base64_decode(text, &wanted_len);
            g_assert_true(decode(text, 300, &bytes, NULL));
            g_assert_cmpmem(bytes.data, bytes.len, wanted, wanted_len);
        }
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base64/round-trip", test_round_trip);
    g_test_add_func("/base64/lenient", test_lenient);
    g_test_add_func("/base64/invalid", test_invalid);
    g_test_add_func("/base64/every-place", test_every_place);
    return g_test_run();
}
