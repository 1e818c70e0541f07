/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/spawn.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/refuse-syscall.h"

/* Child processes: how they end, what they say, and that none is waited for too long. */

#define LONG_US (KIT_DEADLINE_S * G_USEC_PER_SEC)

/* Runs a shell script for at most @us. */
static SpawnResult run_for(const char *script, gint64 us, int cancel_fd)
{
    SpawnRequest request = {
        .argv = (const char *const[]){ "/bin/sh", "-c", script, NULL },
        .until = g_get_monotonic_time() + us,
        .cancel_fd = cancel_fd,
    };
    SpawnResult result = { 0 };
    g_autoptr(GError) error = NULL;

    spawn_run(&request, &result, &error);
    g_assert_no_error(error);
    return result;
}

/* Of a child that ends by itself: what it wrote. */
static char *output_of(const char *script)
{
    SpawnResult result = run_for(script, LONG_US, -1);
    char *output = g_strdup(result.output->str);

    g_assert_false(result.timed_out || result.cancelled);
    spawn_result_clear(&result);
    return output;
}

#define expect_output(script, expected)                                                            \
    do {                                                                                           \
        g_autofree char *output_ = output_of(script);                                              \
                                                                                                   \
        g_assert_cmpstr(output_, ==, expected);                                                    \
    } while (0)

/* What spawn_check() says of a script's end; NULL if it is content. */
static char *complaint(const char *script)
{
    SpawnResult result = run_for(script, LONG_US, -1);
    g_autoptr(GError) error = NULL;
    gboolean ok = spawn_check(&result, "do it", &error);

    g_assert_true(ok == (error == NULL));
    spawn_result_clear(&result);
    return error ? g_strdup(error->message) : NULL;
}

static void test_ends(void)
{
    static const struct {
        const char *script;
        const char *complaint;
    } cases[] = {
        { "exit 0", NULL },
        { "echo fine; exit 0", NULL },
        { "exit 1", "child process has failed to do it: exit status 1" },
        { "exit 255", "child process has failed to do it: exit status 255" },
        { "echo why; exit 2", "child process has failed to do it: why\n" },
        { "echo why >&2; exit 2", "child process has failed to do it: why\n" },
        { "kill -KILL $$", "child process has terminated abnormally" },
        { "echo last words; kill -TERM $$",
          "child process has terminated abnormally: last words\n" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = complaint(cases[i].script);

        g_assert_cmpstr(found, ==, cases[i].complaint);
    }
}

static void test_missing(void)
{
    SpawnRequest request = {
        .argv = (const char *const[]){ "/no/such/program", NULL },
        .until = g_get_monotonic_time() + LONG_US,
        .cancel_fd = -1,
    };
    SpawnResult result = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_false(spawn_run(&request, &result, &error));
    kit_expect_error(&error, "failed to exec '/no/such/program': No such file or directory");
    spawn_result_clear(&result);
}

/* A program without a slash is looked for in PATH. */
static void test_path(void)
{
    SpawnRequest request = {
        .argv = (const char *const[]){ "true", NULL },
        .until = g_get_monotonic_time() + LONG_US,
        .cancel_fd = -1,
    };
    SpawnResult result = { 0 };
    g_autoptr(GError) error = NULL;

    spawn_run(&request, &result, &error);
    g_assert_no_error(error);
    g_assert_cmpint(result.status, ==, 0);
    spawn_result_clear(&result);
}

static void test_environment(void)
{
    SpawnRequest request = {
        .argv = (const char *const[]){ "/bin/sh", "-c", "echo \"$NEW $OLD $HOME\"", NULL },
        .environment = (const char *const[]){ "NEW=a=b", "OLD=changed", NULL },
        .until = g_get_monotonic_time() + LONG_US,
        .cancel_fd = -1,
    };
    SpawnResult result = { 0 };
    g_autoptr(GError) error = NULL;

    g_setenv("OLD", "old", TRUE);
    g_setenv("HOME", "/home", TRUE);
    spawn_run(&request, &result, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(result.output->str, ==, "a=b changed /home\n");
    spawn_result_clear(&result);
}

/* Standard input is empty, a session is its own, signals are as for any program. */
static void test_surroundings(void)
{
    sigset_t blocked, before;
    SpawnResult result;

    expect_output("cat; echo end", "end\n");
    expect_output("read a b c d e f rest </proc/$$/stat; "
                  "[ \"$a\" = \"$e\" ] && [ \"$a\" = \"$f\" ] && echo leader", "leader\n");
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &before);
    expect_output("grep SigBlk /proc/self/status", "SigBlk:\t0000000000000000\n");
    result = run_for("kill -PIPE $$; echo ignored", LONG_US, -1);
    g_assert_true(WIFSIGNALED(result.status));
    spawn_result_clear(&result);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static SpawnResult run_with_input(const char *script, const char *input, gsize len)
{
    SpawnRequest request = {
        .argv = (const char *const[]){ "/bin/sh", "-c", script, NULL },
        .input = input,
        .input_len = len,
        .until = g_get_monotonic_time() + LONG_US,
        .cancel_fd = -1,
    };
    SpawnResult result = { 0 };
    g_autoptr(GError) error = NULL;

    spawn_run(&request, &result, &error);
    g_assert_no_error(error);
    return result;
}

/* Standard input holds what it is given and then ends, whether it is read or not. */
static void test_input(void)
{
    g_autofree char *most = g_strnfill(SPAWN_MAX_INPUT, 'x');
    SpawnResult read_all = run_with_input("cat; echo end", "a\0b\n", 4);
    SpawnResult none = run_with_input("cat; echo end", "", 0);
    SpawnResult counted = run_with_input("wc -c", most, SPAWN_MAX_INPUT);
    SpawnResult unread = run_with_input("exit 3", most, SPAWN_MAX_INPUT);

    g_assert_cmpmem(read_all.output->str, read_all.output->len, "a\0b\nend\n", 8);
    g_assert_cmpstr(none.output->str, ==, "end\n");
    g_assert_cmpstr(counted.output->str, ==, "4096\n");
    g_assert_cmpint(WEXITSTATUS(unread.status), ==, 3);
    spawn_result_clear(&read_all);
    spawn_result_clear(&none);
    spawn_result_clear(&counted);
    spawn_result_clear(&unread);
}

static void test_too_much_input(void)
{
    g_autofree char *more = g_strnfill(SPAWN_MAX_INPUT + 1, 'x');
    SpawnRequest request = {
        .argv = (const char *const[]){ "true", NULL },
        .input = more,
        .input_len = SPAWN_MAX_INPUT + 1,
        .until = g_get_monotonic_time() + LONG_US,
        .cancel_fd = -1,
    };
    SpawnResult result = { 0 };
    g_autoptr(GError) error = NULL;

    g_assert_false(spawn_run(&request, &result, &error));
    kit_expect_error(&error, "failed to create child process: Argument list too long");
}

/* No descriptor of ours, nor one of another child's pipe. */
static void test_descriptors(void)
{
    g_autofree char *before = output_of("ls /proc/self/fd");
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    expect_output("ls /proc/self/fd", before);
    close(fd);
}

static guint count_descriptors(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/fd", 0, NULL);
    guint count = 0;

    while (g_dir_read_name(dir))
        count++;
    return count;
}

static void test_no_leak(void)
{
    guint before = count_descriptors();

    for (int i = 0; i < 20; i++) {
        SpawnResult result = run_for("sleep 1000", 1000, -1);

        g_assert_true(result.timed_out);
        spawn_result_clear(&result);
        expect_output("echo x", "x\n");
        g_assert_cmpuint(count_descriptors(), ==, before);
    }
}

/* More output than is kept is read and dropped, so the child does not wait for us. */
static void test_much_output(void)
{
    SpawnResult result = run_for("head -c 3000000 /dev/zero | tr '\\0' x; exit 4", LONG_US, -1);

    g_assert_cmpuint(result.output->len, ==, SPAWN_MAX_OUTPUT);
    g_assert_true(WIFEXITED(result.status));
    g_assert_cmpint(WEXITSTATUS(result.status), ==, 4);
    spawn_result_clear(&result);
}

static void test_closed_output(void)
{
    SpawnResult result = run_for("exec >&- 2>&-; sleep 0.2; exit 6", LONG_US, -1);

    g_assert_cmpint(WEXITSTATUS(result.status), ==, 6);
    spawn_result_clear(&result);
}

static void expect_killed(SpawnResult *result)
{
    g_assert_true(WIFSIGNALED(result->status));
    g_assert_cmpint(WTERMSIG(result->status), ==, SIGKILL);
}

static void test_deadline(void)
{
    static const char *const scripts[] = { "sleep 1000", "exec yes", "trap '' TERM; sleep 1000",
                                           "while :; do echo x; done" };

    for (gsize i = 0; i < G_N_ELEMENTS(scripts); i++) {
        gint64 began = g_get_monotonic_time();
        SpawnResult result = run_for(scripts[i], 300 * 1000, -1);
        g_autoptr(GError) error = NULL;

        g_assert_true(result.timed_out);
        g_assert_cmpint(g_get_monotonic_time() - began, >=, 300 * 1000);
        expect_killed(&result);
        g_assert_false(spawn_check(&result, "do it", &error));
        kit_expect_error(&error, "child process was killed: it did not do it in time");
        spawn_result_clear(&result);
    }
}

/* A deadline that has passed already: killed at once. */
static void test_no_time(void)
{
    SpawnResult result = run_for("sleep 1000", -1, -1);

    g_assert_true(result.timed_out);
    expect_killed(&result);
    spawn_result_clear(&result);
}

static void test_cancel(void)
{
    int fd = eventfd(1, EFD_CLOEXEC);
    SpawnResult result = run_for("sleep 1000", LONG_US, fd);
    g_autoptr(GError) error = NULL;

    g_assert_true(result.cancelled);
    g_assert_false(result.timed_out);
    expect_killed(&result);
    g_assert_false(spawn_check(&result, "do it", &error));
    kit_expect_error(&error, "child process was killed: cancelled");
    spawn_result_clear(&result);
    close(fd);
}

/* Cancelled in the midst of endless output. */
static gpointer cancel_soon(gpointer data)
{
    guint64 one = 1;

    g_usleep(50 * 1000);
    g_assert_cmpint(write(GPOINTER_TO_INT(data), &one, sizeof one), ==, sizeof one);
    return NULL;
}

static void test_cancel_babbling(void)
{
    int fd = eventfd(0, EFD_CLOEXEC);
    GThread *thread = g_thread_new("canceller", cancel_soon, GINT_TO_POINTER(fd));
    SpawnResult result = run_for("exec yes", LONG_US, fd);

    g_assert_true(result.cancelled);
    g_thread_join(thread);
    spawn_result_clear(&result);
    close(fd);
}

/* What a daemon holds open is not waited for; what was said before the end counts. */
static void test_daemon(void)
{
    static const char *const daemons[] = { "sleep 1000", "yes" };

    for (gsize i = 0; i < G_N_ELEMENTS(daemons); i++) {
        g_autofree char *script = g_strdup_printf("echo $$; %s & exit 9", daemons[i]);
        gint64 began = g_get_monotonic_time();
        SpawnResult result = run_for(script, LONG_US, -1);

        g_assert_false(result.timed_out);
        g_assert_cmpint(g_get_monotonic_time() - began, <, LONG_US);
        g_assert_cmpint(WEXITSTATUS(result.status), ==, 9);
        g_assert_cmpint(atoi(result.output->str), >, 1);
        /* It has stayed in the child's group, if it has not failed on a closed pipe. */
        if (kill(-atoi(result.output->str), SIGKILL) < 0)
            g_assert_cmpint(errno, ==, ESRCH);
        spawn_result_clear(&result);
    }
}

static gpointer run_many(gpointer data)
{
    (void)data;
    for (int i = 0; i < 20; i++)
        expect_output("echo x", "x\n");
    return NULL;
}

/* From several workers at a time. */
static void test_threads(void)
{
    GThread *threads[4];

    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("runner", run_many, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
}

static gpointer run_all_kinds(gpointer data)
{
    (void)data;
    expect_output("echo x", "x\n");
    test_ends();
    test_no_leak();
    test_deadline();
    test_cancel();
    test_daemon();
    return NULL;
}

/* An old kernel, a filter, or too many open files: children run, end and are killed as ever. */
static void test_no_pidfd(gconstpointer data)
{
    kit_run_refused(SYS_pidfd_open, GPOINTER_TO_INT(data), run_all_kinds, NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/spawn/ends", test_ends);
    g_test_add_func("/spawn/missing", test_missing);
    g_test_add_func("/spawn/path", test_path);
    g_test_add_func("/spawn/environment", test_environment);
    g_test_add_func("/spawn/surroundings", test_surroundings);
    g_test_add_func("/spawn/input", test_input);
    g_test_add_func("/spawn/too-much-input", test_too_much_input);
    g_test_add_func("/spawn/descriptors", test_descriptors);
    g_test_add_func("/spawn/no-leak", test_no_leak);
    g_test_add_func("/spawn/much-output", test_much_output);
    g_test_add_func("/spawn/closed-output", test_closed_output);
    g_test_add_func("/spawn/deadline/passes", test_deadline);
    g_test_add_func("/spawn/deadline/passed", test_no_time);
    g_test_add_func("/spawn/cancel/before", test_cancel);
    g_test_add_func("/spawn/cancel/babbling", test_cancel_babbling);
    g_test_add_func("/spawn/daemon", test_daemon);
    g_test_add_func("/spawn/threads", test_threads);
    g_test_add_data_func("/spawn/no-pidfd/ENOSYS", GINT_TO_POINTER(ENOSYS), test_no_pidfd);
    g_test_add_data_func("/spawn/no-pidfd/EPERM", GINT_TO_POINTER(EPERM), test_no_pidfd);
    g_test_add_data_func("/spawn/no-pidfd/EMFILE", GINT_TO_POINTER(EMFILE), test_no_pidfd);
    return g_test_run();
}
