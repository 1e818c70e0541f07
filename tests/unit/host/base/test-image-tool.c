/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/image-tool.h"

#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "lib/errors.h"

/* A shell plays the program. */
#define SHELL(text) (const char *const[]){ "sh", "-c", text, NULL }

static void test_output(void)
{
    g_autoptr(GString) output = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_true(tool_run(SHELL("echo one; echo two >&2; cat"), -1, &output, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(output->str, ==, "one\ntwo\n");
    g_assert_true(tool_run(SHELL("echo ignored"), -1, NULL, &error));
}

static void test_failure(void)
{
    static const struct {
        const char *script, *text;
    } rows[] = {
        { "echo first; echo the reason >&2; exit 3", "sh -c: the reason" },
        { "exit 1", "sh -c: failed without output" },
        { "kill -9 $$", "sh -c: failed without output" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GString) output = NULL;
        g_autoptr(GError) error = NULL;

        g_assert_false(tool_run(SHELL(rows[i].script), -1, &output, &error));
        g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_FAILED);
        g_assert_cmpstr(error->message, ==, rows[i].text);
        g_assert_null(output);
    }
}

static void test_missing(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(tool_run((const char *const[]){ "/nonexistent/qemu-img", "info", NULL }, -1,
                            NULL, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "/nonexistent/qemu-img (package qemu-utils)"));
}

/* The program would never exit: nothing is written to its FIFO. */
static void test_cancelled(void)
{
    g_autofree char *dir = g_dir_make_tmp("image-tool-XXXXXX", NULL);
    g_autofree char *fifo = g_build_filename(dir, "fifo", NULL);
    g_autofree char *script = g_strdup_printf("exec 3<>%s; read line <&3", fifo);
    g_autoptr(GError) error = NULL;
    int cancel_fd = eventfd(1, EFD_CLOEXEC);

    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_false(tool_run(SHELL(script), cancel_fd, NULL, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED);
    close(cancel_fd);
    g_unlink(fifo);
    g_rmdir(dir);
}

/* guestctl blocks signals and reads them from a descriptor; a program gets them as usual. */
static void test_signals(void)
{
    g_autoptr(GError) error = NULL;
    sigset_t term, before;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, &before);
    g_assert_false(tool_run(SHELL("kill -TERM $$; echo survived"), -1, NULL, &error));
    g_assert_cmpstr(error->message, ==, "sh -c: failed without output");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/image-tool/output", test_output);
    g_test_add_func("/image-tool/failure -> last line", test_failure);
    g_test_add_func("/image-tool/missing program -> package is named", test_missing);
    g_test_add_func("/image-tool/cancelled -> program is killed", test_cancelled);
    g_test_add_func("/image-tool/blocked signals -> program has none", test_signals);
    return g_test_run();
}
