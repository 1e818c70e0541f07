/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/digest.h"

#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "lib/errors.h"

/* Digests of ranges beside those of GLib's own SHA-256. */

#define RANGE 4096

typedef struct {
    char *path;
    int fd;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer unused)
{
    (void)unused;
    fixture->fd = g_file_open_tmp("digest-XXXXXX", &fixture->path, NULL);
    g_assert_cmpint(fixture->fd, >=, 0);
}

static void tear_down(Fixture *fixture, gconstpointer unused)
{
    (void)unused;
    close(fixture->fd);
    g_unlink(fixture->path);
    g_free(fixture->path);
}

static void write_at(const Fixture *fixture, const char *text, off_t at)
{
    g_assert_cmpint(pwrite(fixture->fd, text, strlen(text), at), ==, (gssize)strlen(text));
}

/* What GLib says of each range of the file. */
static char *wanted(const Fixture *fixture, gsize range)
{
    GString *hex = g_string_new(NULL);
    g_autofree char *data = NULL;
    gsize len;

    g_assert_true(g_file_get_contents(fixture->path, &data, &len, NULL));
    for (gsize at = 0; at < len; at += range) {
        g_autofree char *sum = g_compute_checksum_for_data(
            G_CHECKSUM_SHA256, (const guchar *)data + at, MIN(range, len - at));

        g_string_append(hex, sum);
    }
    return g_string_free(hex, FALSE);
}

static void test_ranges(Fixture *fixture, gconstpointer unused)
{
    static const gint64 sizes[] = { 1, RANGE - 1, RANGE, RANGE + 1, 20 * RANGE + 5 };

    (void)unused;
    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *hex = NULL, *sums = NULL;

        /* Mostly holes. */
        g_assert_cmpint(ftruncate(fixture->fd, 0) | ftruncate(fixture->fd, sizes[i]), ==, 0);
        write_at(fixture, "a", 0);
        write_at(fixture, "z", sizes[i] - 1);
        hex = digest_file(fixture->path, RANGE, -1, NULL);
        sums = wanted(fixture, RANGE);
        g_assert_cmpstr(hex, ==, sums);
    }
}

static void test_whole(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *empty = digest_file(fixture->path, 0, -1, NULL);
    g_autofree char *nothing = digest_file(fixture->path, RANGE, -1, NULL);
    g_autofree char *nothing_sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, "", 0);
    g_autofree char *hex = NULL, *sum = NULL;

    (void)unused;
    g_assert_cmpstr(empty, ==, nothing_sum);
    g_assert_cmpstr(nothing, ==, "");
    write_at(fixture, "text", 3 * RANGE);
    hex = digest_file(fixture->path, 0, -1, NULL);
    sum = wanted(fixture, 4 * RANGE);
    g_assert_cmpstr(hex, ==, sum);
}

static void test_difference(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *before = NULL, *after = NULL, *longer = NULL;

    (void)unused;
    write_at(fixture, "end", 5 * RANGE);
    before = digest_file(fixture->path, RANGE, -1, NULL);
    write_at(fixture, "x", 3 * RANGE + 7);
    after = digest_file(fixture->path, RANGE, -1, NULL);
    write_at(fixture, "more", 9 * RANGE);
    longer = digest_file(fixture->path, RANGE, -1, NULL);
    g_assert_cmpint(digest_difference(before, before), ==, -1);
    g_assert_cmpint(digest_difference(before, after), ==, 3);
    g_assert_cmpint(digest_difference(after, longer), ==, 5);
    g_assert_cmpint(digest_difference("", before), ==, 0);
    g_assert_cmpint(digest_difference("", ""), ==, -1);
}

static void test_faults(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GError) missing = NULL;
    g_autoptr(GError) interrupted = NULL;
    int cancelled = eventfd(1, EFD_CLOEXEC);

    (void)unused;
    g_assert_null(digest_file("/nonexistent/file", RANGE, -1, &missing));
    g_assert_nonnull(strstr(missing->message, "/nonexistent/file"));
    write_at(fixture, "end", 5 * RANGE);
    g_assert_null(digest_file(fixture->path, RANGE, cancelled, &interrupted));
    g_assert_error(interrupted, GUESTD_ERROR, GUESTD_ERROR_CANCELLED);
    close(cancelled);
}

#define ADD(path, function) g_test_add("/digest/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("ranges", test_ranges);
    ADD("whole-file", test_whole);
    ADD("first-difference", test_difference);
    ADD("missing-or-interrupted", test_faults);
    return g_test_run();
}
