/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/child-user.h"
#include "agent/base/child.h"
#include "agent/base/workers.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/refuse-syscall.h"

/* Children and their pipes, below the commands. */

static void count(Capture *capture, gpointer data)
{
    (void)capture;
    ++*(guint *)data;
}

static void count_feed(Feed *feed, gpointer data)
{
    (void)feed;
    ++*(guint *)data;
}

static void make_pipe(int ends[2])
{
    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
}

static void say(int fd, const char *text)
{
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (gssize)strlen(text));
}

static void expect_data(const Capture *capture, const char *wanted)
{
    gsize len;
    const char *data = capture_data(capture, &len);

    g_assert_cmpmem(data, len, wanted, strlen(wanted));
}

static void test_capture(void)
{
    CaptureBudget budget = { 0, 1000 };
    guint calls = 0;
    int ends[2];
    Capture *capture;

    make_pipe(ends);
    capture = capture_new(ends[0], 10, &budget, count, &calls);
    say(ends[1], "hello ");
    WAIT_UNTIL(calls == 1);
    expect_data(capture, "hello ");
    g_assert_false(capture_truncated(capture));
    say(ends[1], "world!");
    WAIT_UNTIL(capture_truncated(capture));
    expect_data(capture, "hello worl");
    g_assert_cmpuint(budget.kept, ==, 10);
    g_assert_false(capture_ended(capture));
    close(ends[1]);
    WAIT_UNTIL(capture_ended(capture));
    expect_data(capture, "hello worl");
    capture_free(capture);
    g_assert_cmpuint(budget.kept, ==, 0);
}

/* What one keeps the other cannot; what is taken away makes room. */
static void test_budget(void)
{
    CaptureBudget budget = { 0, 8 };
    guint calls = 0;
    Capture *one, *other;
    char *block;
    int first[2], second[2];
    gsize len;

    make_pipe(first);
    make_pipe(second);
    one = capture_new(first[0], 100, &budget, count, &calls);
    other = capture_new(second[0], 100, &budget, count, &calls);
    say(first[1], "12345");
    WAIT_UNTIL(calls == 1);
    say(second[1], "6789");
    WAIT_UNTIL(capture_truncated(other));
    expect_data(other, "678");
    block = capture_take(one, &len);
    g_assert_cmpmem(block, len, "12345", 5);
    g_free(block);
    g_assert_cmpuint(budget.kept, ==, 3);
    expect_data(one, "");
    capture_free(one);
    capture_free(other);
    close(first[1]);
    close(second[1]);
}

static void free_at_end(Capture *capture, gpointer data)
{
    ++*(guint *)data;
    g_assert_true(capture_ended(capture));
    capture_free(capture);
}

/* A writer is never held up, nor killed for want of a reader. */
static void test_drop(void)
{
    CaptureBudget budget = { 0, 1000 };
    char piece[4096] = { 0 };
    guint calls = 0, ended = 0;
    gsize written = 0;
    Capture *capture;
    int ends[2];

    make_pipe(ends);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    capture = capture_new(ends[0], 100, &budget, count, &calls);
    capture_drop(capture, free_at_end, &ended);
    while (written < 1024 * 1024) {
        ssize_t n = write(ends[1], piece, sizeof piece);

        if (n > 0)
            written += (gsize)n;
        else
            g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpuint(budget.kept, ==, 0);
    close(ends[1]);
    WAIT_UNTIL(ended == 1);
    g_assert_cmpuint(calls, ==, 0);
}

static void test_catch_up(void)
{
    CaptureBudget budget = { 0, 1000 };
    guint calls = 0;
    Capture *capture;
    int ends[2];

    make_pipe(ends);
    capture = capture_new(ends[0], 100, &budget, count, &calls);
    say(ends[1], "last words");
    capture_catch_up(capture);
    expect_data(capture, "last words");
    g_assert_false(capture_ended(capture));
    close(ends[1]);
    capture_catch_up(capture);
    g_assert_true(capture_ended(capture));
    g_assert_cmpuint(calls, ==, 0);
    capture_free(capture);
}

static void test_feed(void)
{
    const gsize size = 300 * 1024;
    char piece[8192];
    gsize got = 0;
    guint calls = 0;
    ssize_t n;
    int ends[2];
    Feed *feed;

    make_pipe(ends);
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    feed = feed_new(ends[1], count_feed, &calls);
    feed_push(feed, g_strnfill(size, 'x'), size);
    feed_push(feed, g_strdup("end"), 3);
    feed_close(feed);
    g_assert_false(feed_open(feed));
    g_assert_cmpuint(feed_waiting(feed), ==, size + 3);
    while ((n = read(ends[0], piece, sizeof piece)) != 0) {
        if (n > 0)
            got += (gsize)n;
        else
            g_main_context_iteration(NULL, TRUE);
    }
    g_assert_cmpuint(got, ==, size + 3);
    g_assert_cmpuint(calls, ==, 1);
    g_assert_cmpuint(feed_waiting(feed), ==, 0);
    feed_free(feed);
    close(ends[0]);
}

/* A reader that goes away takes what waits for it along. */
static void test_feed_unread(void)
{
    const gsize size = 300 * 1024;
    guint calls = 0;
    int ends[2];
    Feed *feed;

    make_pipe(ends);
    feed = feed_new(ends[1], count_feed, &calls);
    feed_push(feed, g_strnfill(size, 'x'), size);
    close(ends[0]);
    WAIT_UNTIL(calls == 1);
    g_assert_cmpuint(feed_waiting(feed), ==, 0);
    g_assert_false(feed_open(feed));
    feed_push(feed, g_strdup("more"), 4);
    g_assert_cmpuint(feed_waiting(feed), ==, 0);
    feed_free(feed);
}

static int start(const char *const *argv, pid_t *pid)
{
    g_autoptr(GError) error = NULL;
    ChildSpec spec = { .argv = argv, .fds = { -1, -1, -1 } };
    int fd = child_start(&spec, pid, &error);

    g_assert_no_error(error);
    g_assert_cmpint(fd, >=, 0);
    return fd;
}

static void no_change(Child *child, gpointer data)
{
    (void)child;
    (void)data;
}

static void count_end(Child *child, gpointer data)
{
    g_assert_true(child_finished(child));
    ++*(guint *)data;
}

static const ChildEvents child_events = { no_change, count_end };

static Child *watch(pid_t pid, int fd, guint *ends)
{
    static CaptureBudget budget = { 0, 1000 };
    ChildPlan plan = { .pid = pid, .watch_fd = fd, .in = -1, .out = { -1, -1 } };

    return child_new(&plan, &budget, &child_events, ends);
}

static void test_end(void)
{
    guint ends = 0;
    pid_t pid;
    int fd = start((const char *const[]){ "sh", "-c", "exit 7", NULL }, &pid);
    Child *child = watch(pid, fd, &ends);

    WAIT_UNTIL(ends == 1);
    g_assert_cmpint(child_status(child), ==, W_EXITCODE(7, 0));
    g_assert_cmpint(kill(pid, 0), ==, -1); /* no zombie */
    g_assert_false(child_kill(child, SIGTERM, FALSE));
    g_assert_cmpint(errno, ==, ESRCH);
    child_free(child);
}

static void test_kill(void)
{
    guint ends = 0;
    pid_t pid;
    int fd = start((const char *const[]){ "sleep", "1000", NULL }, &pid);
    Child *child = watch(pid, fd, &ends);

    g_assert_cmpint(getpgid(pid), ==, pid);
    g_assert_cmpint(getsid(pid), ==, getsid(0));
    g_assert_true(child_kill(child, SIGUSR1, TRUE));
    WAIT_UNTIL(ends == 1);
    g_assert_cmpint(child_status(child), ==, W_EXITCODE(0, SIGUSR1));
    g_assert_false(child_timed_out(child));
    child_free(child);
}

typedef struct {
    pid_t pid;
    int fd;
} Started;

static gpointer start_sleep(gpointer data)
{
    Started *started = data;

    started->fd = start((const char *const[]){ "sleep", "1000", NULL }, &started->pid);
    return NULL;
}

/* An old kernel, a filter, or too many open files: a thread waits for the child. */
static void test_thread(void)
{
    static const int failures[] = { ENOSYS, EPERM, EMFILE };

    for (gsize i = 0; i < G_N_ELEMENTS(failures); i++) {
        Started started;
        guint ends = 0;
        Child *child;

        kit_run_refused(SYS_pidfd_open, failures[i], start_sleep, &started);
        child = watch(started.pid, started.fd, &ends);
        g_assert_true(child_kill(child, SIGTERM, FALSE));
        WAIT_UNTIL(ends == 1);
        g_assert_cmpint(child_status(child), ==, W_EXITCODE(0, SIGTERM));
        g_assert_cmpint(kill(started.pid, 0), ==, -1);
        child_free(child);
    }
}

/* A child that shares our memory has its own place in the order of the OOM killer. */
static void test_oom_score(void)
{
    static const char file[] = "/proc/self/oom_score_adj";
    const char *const argv[] = { "grep", "-qx", "0", file, NULL };
    g_autofree char *before = NULL;
    int score = open(file, O_RDWR | O_CLOEXEC);
    guint ends = 0;
    pid_t pid;

    g_assert_true(g_file_get_contents(file, &before, NULL, NULL));
    if (pwrite(score, "-900", 4, 0) < 0) {
        g_test_skip("no CAP_SYS_RESOURCE to be protected from the OOM killer");
    } else {
        int fd = start(argv, &pid);
        Child *child = watch(pid, fd, &ends);

        WAIT_UNTIL(ends == 1);
        g_assert_cmpint(child_status(child), ==, W_EXITCODE(0, 0));
        child_free(child);
        g_assert_cmpint(pwrite(score, before, strlen(before), 0), >, 0);
    }
    close(score);
}

static void expect_failure(const ChildSpec *spec, const char *message)
{
    GError *error = NULL;
    pid_t pid;

    g_assert_cmpint(child_start(spec, &pid, &error), ==, -1);
    kit_expect_error(&error, message);
    g_assert_cmpint(waitpid(-1, NULL, WNOHANG), ==, -1); /* nothing is left to bury */
}

static void test_failures(void)
{
    const char *const program[] = { "/nowhere", NULL }, *const good[] = { "true", NULL };
    const char *const path[] = { "PATH=/nowhere:/etc", NULL }, *const passwd[] = { "passwd", NULL };
    ChildUser *nobody = child_user_find("nobody", NULL);
    gid_t impossible = (gid_t)-1;
    ChildUser no_user = { .name = (char *)"x", .groups = &impossible, .n_groups = 1 };

    g_assert_nonnull(nobody);
    expect_failure(&(ChildSpec){ .argv = program, .fds = { -1, -1, -1 } },
                   "Failed to execute child process “/nowhere” (No such file or directory)");
    expect_failure(&(ChildSpec){ .argv = passwd, .envp = path, .fds = { -1, -1, -1 } },
                   "Failed to execute child process “passwd” (Permission denied)");
    expect_failure(&(ChildSpec){ .argv = good, .cwd = "/etc/passwd", .fds = { -1, -1, -1 } },
                   "Failed to change to directory “/etc/passwd” (Not a directory)");
    expect_failure(&(ChildSpec){ .argv = good, .fds = { 1000, -1, -1 } },
                   "failed to prepare the descriptors of a child process: Bad file descriptor");
    if (geteuid() == 0)
        expect_failure(&(ChildSpec){ .argv = good, .user = &no_user, .fds = { -1, -1, -1 } },
                       "failed to become user 'x': Invalid argument");
    else
        expect_failure(&(ChildSpec){ .argv = good, .user = nobody, .fds = { -1, -1, -1 } },
                       "failed to become user 'nobody': Operation not permitted");
    child_user_free(nobody);
}

static void test_no_user(void)
{
    GError *error = NULL;

    g_assert_null(child_user_find("no such user", &error));
    kit_expect_error(&error, "user 'no such user' does not exist");
}

static void count_task(gpointer task, gpointer context)
{
    /* The test may let go of it as soon as it has the last one. */
    GAsyncQueue *done = g_async_queue_ref(context);

    g_async_queue_push(done, task);
    g_async_queue_unref(done);
}

/* Each task is done, whether a thread waits for it or not. */
static void test_workers(void)
{
    g_autoptr(GAsyncQueue) done = g_async_queue_new();
    Workers *workers = workers_new(count_task, done, 1);
    int sum = 0;

    for (int i = 1; i <= 100; i++)
        g_assert_true(workers_push(workers, GINT_TO_POINTER(i)));
    for (int i = 1; i <= 100; i++)
        sum += GPOINTER_TO_INT(g_async_queue_pop(done));
    g_assert_cmpint(sum, ==, 5050);
    workers_free(workers);
}

static void block_task(gpointer task, gpointer context)
{
    char byte;

    g_assert_cmpint(read(*(int *)task, &byte, 1), ==, 1);
    count_task(task, context);
}

/* One that hangs holds up no other, nor the end. */
static void test_workers_hang(void)
{
    g_autoptr(GAsyncQueue) done = g_async_queue_new();
    Workers *workers = workers_new(block_task, done, 1);
    int stuck[2], quick[2];

    make_pipe(stuck);
    make_pipe(quick);
    g_assert_true(workers_push(workers, &stuck[0]));
    g_assert_true(workers_push(workers, &quick[0]));
    say(quick[1], "x");
    g_assert_true(g_async_queue_pop(done) == &quick[0]);
    workers_free(workers);
    say(stuck[1], "x");
    g_assert_true(g_async_queue_pop(done) == &stuck[0]);
    for (int i = 0; i < 2; i++) {
        close(stuck[i]);
        close(quick[i]);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add_func("/child/capture", test_capture);
    g_test_add_func("/child/capture/budget", test_budget);
    g_test_add_func("/child/capture/drop", test_drop);
    g_test_add_func("/child/capture/catch-up", test_catch_up);
    g_test_add_func("/child/feed", test_feed);
    g_test_add_func("/child/feed/unread", test_feed_unread);
    g_test_add_func("/child/end", test_end);
    g_test_add_func("/child/kill", test_kill);
    g_test_add_func("/child/thread", test_thread);
    g_test_add_func("/child/oom-score", test_oom_score);
    g_test_add_func("/child/failures", test_failures);
    g_test_add_func("/child/no-user", test_no_user);
    g_test_add_func("/child/workers", test_workers);
    g_test_add_func("/child/workers/hang", test_workers_hang);
    return g_test_run();
}
