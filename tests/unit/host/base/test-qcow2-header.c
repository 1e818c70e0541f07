/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/qcow2-header.h"

#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* Headers made by hand after QEMU's docs/interop/qcow2.rst. */

typedef struct {
    const char *name;
    guint32 version;
    guint64 backing_offset;
    guint32 backing_len;
    guint64 size, incompatible;
    gsize length; /* of the file; 0: 4096 */
    gboolean valid;
    const char *format; /* of the backing file; NULL: not written */
} Case;

static const Case cases[] = {
    { "version-3", 3, 0, 0, 1 << 20, 0, 0, TRUE },
    { "version-2", 2, 0, 0, 1 << 20, 4, 0, TRUE },
    { "backing-file", 3, 512, 8, 1 << 20, 0, 0, TRUE, "qcow2" },
    { "backing-file-of-version-2", 2, 512, 8, 1 << 20, 0, 0, TRUE, "qcow2" },
    { "backing-file-of-another-format", 3, 512, 8, 1 << 20, 0, 0, TRUE, "raw" },
    { "backing-file-without-format", 3, 512, 8, 1 << 20, 0, 0, TRUE, NULL },
    { "external-data", 3, 0, 0, 1 << 20, 4, 0, TRUE },
    { "version-1", 1, 0, 0, 1 << 20, 0, 0, FALSE },
    { "version-4", 4, 0, 0, 1 << 20, 0, 0, FALSE },
    { "negative-size", 3, 0, 0, G_MAXUINT64, 0, 0, FALSE },
    { "backing-name-beyond-the-end", 3, 4090, 100, 1 << 20, 0, 0, FALSE },
    { "backing-name-too-long", 3, 512, 1024, 1 << 20, 0, 0, FALSE },
    { "backing-name-with-nul", 3, 600, 8, 1 << 20, 0, 0, FALSE },
    { "cut-off", 3, 0, 0, 1 << 20, 0, 60, FALSE },
    { "empty", 3, 0, 0, 1 << 20, 0, 1, FALSE },
};

static void put(guint8 *raw, gsize at, guint64 value, gsize bytes)
{
    for (gsize i = 0; i < bytes; i++)
        raw[at + i] = (guint8)(value >> (8 * (bytes - 1 - i)));
}

static void test_header(gconstpointer data)
{
    const Case *c = data;
    guint8 raw[4096] = "QFI\xfb";
    g_autofree char *path = NULL;
    g_auto(Qcow2Header) header = { 0 };
    g_autoptr(GError) error = NULL;
    gsize at, length = c->length ? c->length : sizeof raw;
    int fd = g_file_open_tmp("qcow2-XXXXXX", &path, NULL);

    put(raw, 4, c->version, 4);
    put(raw, 8, c->backing_offset, 8);
    put(raw, 16, c->backing_len, 4);
    put(raw, 24, c->size, 8);
    put(raw, 72, c->incompatible, 8);
    if (c->version == 3)
        put(raw, 100, 104, 4);
    /* Two extensions after the header: one that is not known, and the format. */
    at = c->version == 3 ? 104 : 72;
    put(raw, at, 0x6803f857, 4);
    put(raw, at + 4, 5, 4);
    put(raw, at + 16, c->format ? 0xe2792aca : 0, 4);
    put(raw, at + 20, c->format ? strlen(c->format) : 0, 4);
    memcpy(raw + at + 24, c->format ? c->format : "", c->format ? strlen(c->format) : 0);
    memcpy(raw + 512, "full.img", 8);
    g_assert_cmpint(write(fd, raw, length), ==, (gssize)length);
    close(fd);
    g_assert_cmpint(qcow2_header_read(path, &header, &error), ==, c->valid);
    g_unlink(path);
    if (!c->valid) {
        g_assert_nonnull(strstr(error->message, "is not a valid qcow2 image"));
        g_assert_null(header.backing);
        return;
    }
    g_assert_no_error(error);
    g_assert_cmpint(header.virtual_size, ==, 1 << 20);
    g_assert_cmpstr(header.backing, ==, c->backing_offset ? "full.img" : NULL);
    g_assert_cmpstr(header.backing_format, ==, c->format);
    /* Version 2 ends before the features. */
    g_assert_cmpint(header.external_data, ==, c->version == 3 && c->incompatible == 4);
}

static void test_missing(void)
{
    g_auto(Qcow2Header) header = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_false(qcow2_header_read("/nonexistent/image", &header, &error));
    g_assert_nonnull(strstr(error->message, "/nonexistent/image"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = g_strconcat("/qcow2-header/", cases[i].name, NULL);

        g_test_add_data_func(path, &cases[i], test_header);
    }
    g_test_add_func("/qcow2-header/missing-file", test_missing);
    return g_test_run();
}
