/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/rename-new.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "tests/unit/kit/refuse-syscall.h"

static void check_text(const char *path, const char *text)
{
    g_autofree char *read = NULL;

    if (text)
        g_assert_true(g_file_get_contents(path, &read, NULL, NULL));
    else
        g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_cmpstr(read, ==, text);
}

static void check_all(void)
{
    g_autofree char *dir = g_dir_make_tmp("rename-new-XXXXXX", NULL);
    g_autofree char *from = g_build_filename(dir, "from", NULL);
    g_autofree char *to = g_build_filename(dir, "to", NULL);
    g_autoptr(GError) error = NULL;

    g_file_set_contents(from, "new", -1, NULL);
    g_file_set_contents(to, "old", -1, NULL);
    g_assert_false(rename_new(from, to, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    g_assert_nonnull(strstr(error->message, to));
    check_text(from, "new");
    check_text(to, "old");

    g_unlink(to);
    g_assert_true(rename_new(from, to, NULL));
    check_text(from, NULL);
    check_text(to, "new");
    g_unlink(to);
    g_rmdir(dir);
}

static void test_new(void)
{
    check_all();
}

static gpointer check_all_in_thread(gpointer unused)
{
    (void)unused;
    check_all();
    return NULL;
}

/* EINVAL as from a filesystem that cannot do it in one step, ENOSYS as from an old kernel. */
static void test_link(gconstpointer errnum)
{
    kit_run_refused(SYS_renameat2, GPOINTER_TO_INT(errnum), check_all_in_thread, NULL);
}

/* The error of another kind is reported, and nothing else is tried. */
static void test_missing(void)
{
    g_autofree char *dir = g_dir_make_tmp("rename-new-XXXXXX", NULL);
    g_autofree char *from = g_build_filename(dir, "from", NULL);
    g_autofree char *to = g_build_filename(dir, "to", NULL);
    g_autoptr(GError) error = NULL;

    g_assert_false(rename_new(from, to, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
    check_text(to, NULL);
    g_rmdir(dir);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rename-new/one-step", test_new);
    g_test_add_data_func("/rename-new/link/old-kernel", GINT_TO_POINTER(ENOSYS), test_link);
    g_test_add_data_func("/rename-new/link/filesystem", GINT_TO_POINTER(EINVAL), test_link);
    g_test_add_func("/rename-new/missing", test_missing);
    return g_test_run();
}
