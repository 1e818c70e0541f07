/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/image-tool.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "lib/errors.h"

/* A shell plays the program. */
#define SHELL(text) (const char *const[]){ "sh", "-c", text, NULL }

/* Long enough for each program that exits. */
static Deadline patience(int cancel_fd)
{
    return deadline_in(TOOL_CREATE_MS, cancel_fd);
}

static void test_output(void)
{
    g_autoptr(GString) output = NULL;
    g_autoptr(GError) error = NULL;

    Deadline deadline = patience(-1);

    g_assert_true(tool_run(SHELL("echo one; echo two >&2; cat"), &deadline, &output, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(output->str, ==, "one\ntwo\n");
    g_assert_true(tool_run(SHELL("echo ignored"), &deadline, NULL, &error));
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
        Deadline deadline = patience(-1);

        g_assert_false(tool_run(SHELL(rows[i].script), &deadline, &output, &error));
        g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_FAILED);
        g_assert_cmpstr(error->message, ==, rows[i].text);
        g_assert_null(output);
    }
}

static void test_missing(void)
{
    g_autoptr(GError) error = NULL;
    Deadline deadline = patience(-1);

    g_assert_false(tool_run((const char *const[]){ "/nonexistent/qemu-img", "info", NULL },
                            &deadline, NULL, &error));
    g_assert_nonnull(error);
    g_assert_nonnull(strstr(error->message, "/nonexistent/qemu-img (package qemu-utils)"));
}

/*
 * Programs that would never exit: nothing is written to their FIFO. Each has a child, whose pid it
 * writes to a file; the child holds the program's output open.
 */
typedef struct {
    char *dir, *fifo, *pid, *script;
} Endless;

static void set_up(Endless *endless, gconstpointer unused)
{
    (void)unused;
    endless->dir = g_dir_make_tmp("image-tool-XXXXXX", NULL);
    endless->fifo = g_build_filename(endless->dir, "fifo", NULL);
    endless->pid = g_build_filename(endless->dir, "pid", NULL);
    endless->script = g_strdup_printf("exec 3<>%s; (read line <&3) & echo $! >%s; read line <&3",
                                      endless->fifo, endless->pid);
    g_assert_cmpint(mkfifo(endless->fifo, 0600), ==, 0);
}

static void tear_down(Endless *endless, gconstpointer unused)
{
    (void)unused;
    g_unlink(endless->pid);
    g_unlink(endless->fifo);
    g_rmdir(endless->dir);
    g_free(endless->script);
    g_free(endless->pid);
    g_free(endless->fifo);
    g_free(endless->dir);
}

/* Waits for the death of the child, which is under way if it was killed. */
static void check_child(const Endless *endless)
{
    g_autofree char *text = NULL;
    struct pollfd death = { .events = POLLIN };

    /* The shell may have been killed before it had one. */
    if (!g_file_get_contents(endless->pid, &text, NULL, NULL) || !*text)
        return;
    death.fd = (int)syscall(SYS_pidfd_open, atoi(text), 0);
    g_assert_true(death.fd >= 0 || errno == ESRCH);
    if (death.fd >= 0)
        g_assert_cmpint(poll(&death, 1, TOOL_CREATE_MS), ==, 1);
    close(death.fd);
}

static void test_cancelled(Endless *endless, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    int cancel_fd = eventfd(1, EFD_CLOEXEC);
    Deadline deadline = patience(cancel_fd);

    (void)unused;
    g_assert_false(tool_run(SHELL(endless->script), &deadline, NULL, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED);
    check_child(endless);
    close(cancel_fd);
}

static void test_timed_out(Endless *endless, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    Deadline deadline = deadline_in(1000, -1);

    (void)unused;
    g_assert_false(tool_run(SHELL(endless->script), &deadline, NULL, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT);
    g_assert_cmpstr(error->message, ==, "sh -c: timed out after 1 s");
    check_child(endless);
}

/* guestctl blocks signals and reads them from a descriptor; a program gets them as usual. */
static void test_signals(void)
{
    g_autoptr(GError) error = NULL;
    Deadline deadline = patience(-1);
    sigset_t term, before;

    sigemptyset(&term);
    sigaddset(&term, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &term, &before);
    g_assert_false(tool_run(SHELL("kill -TERM $$; echo survived"), &deadline, NULL, &error));
    g_assert_cmpstr(error->message, ==, "sh -c: failed without output");
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/image-tool/output", test_output);
    g_test_add_func("/image-tool/failure -> last line", test_failure);
    g_test_add_func("/image-tool/missing program -> package is named", test_missing);
    g_test_add("/image-tool/cancelled -> program is killed", Endless, NULL, set_up, test_cancelled,
               tear_down);
    g_test_add("/image-tool/deadline passed -> program and its child are killed", Endless, NULL,
               set_up, test_timed_out, tear_down);
    g_test_add_func("/image-tool/blocked signals -> program has none", test_signals);
    return g_test_run();
}
