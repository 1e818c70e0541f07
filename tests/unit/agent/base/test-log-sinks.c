/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/log.h"
#include "tests/unit/kit/kit.h"

/*
 * Sinks that take no line: whoever logs goes on, the lines beyond the bound are counted, and the
 * process exits. Each test is a process of its own, whose standard error is the sink; if logging
 * waited, an alarm would end it.
 */

/* More than any sink of these tests takes: a pipe 64 KiB, a socket what its buffer holds. */
#define N_LINES (20 * LOG_MAX_LINES)
#define LINE "a line that is long enough to fill a pipe of an ordinary size soon: "

typedef struct {
    int sink;   /* becomes standard error */
    int reader; /* of the sink; -1: not to be read */
    gboolean stream;
} Sink;

static Sink pipe_sink(void)
{
    int ends[2];

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    return (Sink){ ends[1], ends[0], TRUE };
}

static Sink fifo_sink(void)
{
    char *dir = kit_make_directory();
    g_autofree char *path = g_build_filename(dir, "fifo", NULL);
    Sink sink = { .stream = TRUE };

    g_assert_cmpint(mkfifo(path, 0600), ==, 0);
    sink.reader = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    sink.sink = open(path, O_WRONLY | O_CLOEXEC);
    fcntl(sink.reader, F_SETFL, 0);
    kit_remove_tree(dir);
    return sink;
}

static Sink datagram_sink(void)
{
    int ends[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), ==, 0);
    return (Sink){ ends[1], ends[0], FALSE };
}

static Log *start_log(int sink)
{
    Log *log;

    alarm(KIT_DEADLINE_S);
    dup2(sink, STDERR_FILENO);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    log = log_start();
    g_assert_true(log_open(log, NULL, TRUE, NULL));
    log_run_in_background(log);
    return log;
}

static void log_lines(void)
{
    for (int i = 0; i < N_LINES; i++)
        g_message(LINE "%d", i);
}

/* The rest of a program that logs to @sink: it returns from log_stop(), whatever became of it. */
static void log_and_exit(const Sink *sink)
{
    Log *log = start_log(sink->sink);

    log_lines();
    log_stop(log);
    exit(EXIT_SUCCESS);
}

static void expect_exit(pid_t pid)
{
    int status;

    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_cmpint(status, ==, 0);
}

static void test_exit(gconstpointer make)
{
    Sink sink = ((Sink (*)(void))make)();
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        log_and_exit(&sink);
    expect_exit(pid);
    close(sink.sink);
    close(sink.reader);
}

/* Reads all that the child writes, up to its end. */
static char *read_all(const Sink *sink)
{
    g_autoptr(GString) text = g_string_new(NULL);
    char piece[64 * 1024];
    ssize_t n;

    while ((n = read(sink->reader, piece, sizeof piece)) > 0)
        g_string_append_len(text, piece, n);
    return g_string_free(g_steal_pointer(&text), FALSE);
}

/* Each line is there, or is part of a count that stands in its place. */
static void expect_all_accounted(const char *text)
{
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    guint notices = 0;
    int next = 0;

    for (char **line = lines; **line; line++) {
        const char *found = strstr(*line, LINE);
        const char *notice = strstr(*line, "warning: ");

        if (found) {
            g_assert_cmpint(atoi(found + strlen(LINE)), ==, next++);
        } else {
            g_assert_true(g_str_has_suffix(*line, " log lines were dropped: the log could not "
                                                  "be written in time"));
            next += atoi(notice + strlen("warning: "));
            notices++;
        }
    }
    g_assert_cmpint(next, ==, N_LINES);
    g_assert_cmpuint(notices, >=, 1);
}

/* A reader that comes late: as long as the log is not flushed, it gets what is not dropped. */
static void test_late_reader(gconstpointer make)
{
    Sink sink = ((Sink (*)(void))make)();
    g_autofree char *text = NULL;
    int go[2];
    pid_t pid;

    g_assert_cmpint(pipe2(go, O_CLOEXEC), ==, 0);
    pid = fork();
    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        Log *log = start_log(sink.sink);

        close(sink.sink);
        log_lines();
        g_assert_cmpint(write(go[1], "x", 1), ==, 1);
        g_assert_true(log_flush(log, g_get_monotonic_time() + KIT_DEADLINE_S * G_USEC_PER_SEC));
        if (!sink.stream)
            g_assert_cmpint(write(STDERR_FILENO, "", 0), ==, 0); /* its end: an empty datagram */
        exit(EXIT_SUCCESS);
    }
    close(sink.sink);
    g_assert_cmpint(read(go[0], (char[1]){ 0 }, 1), ==, 1);
    text = read_all(&sink);
    expect_exit(pid);
    expect_all_accounted(text);
    close(sink.reader);
    close(go[0]);
    close(go[1]);
}

/* ---- the journal, at its own path below a /run of the test's own */

#define JOURNAL "/run/systemd/journal"

static int bind_socket(int type, const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(bind(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

static int connect_stdout(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = JOURNAL "/stdout" };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

/* A child's exit status where the system grants no namespaces, as automake has it. */
#define NO_NAMESPACES 77

static G_GNUC_NORETURN void run_stopped_journal(void)
{
    char datagram[4096];
    int stream, journal;
    ssize_t n;
    Log *log;

    if (unshare(geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
        mount("tmpfs", "/run", "tmpfs", 0, NULL) < 0)
        _exit(NO_NAMESPACES);
    g_mkdir_with_parents(JOURNAL, 0700);
    stream = bind_socket(SOCK_STREAM, JOURNAL "/stdout");
    g_assert_cmpint(listen(stream, 1), ==, 0);
    journal = bind_socket(SOCK_DGRAM, JOURNAL "/socket");
    log = start_log(connect_stdout());
    /* Alone, as a writer that begins late would find it dropped among the others. */
    g_message(LINE "0");
    n = recv(journal, datagram, sizeof datagram - 1, 0);
    log_lines();
    log_stop(log); /* within its limit, for the journal is stopped */
    g_assert_cmpint(n, >, 0);
    datagram[n] = '\0';
    g_assert_nonnull(strstr(datagram, "MESSAGE=" LINE "0\n"));
    g_assert_nonnull(strstr(datagram, "GUESTD_TIME_USEC="));
    exit(EXIT_SUCCESS);
}

static void test_stopped_journal(void)
{
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0)
        run_stopped_journal();
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == NO_NAMESPACES)
        g_test_skip("the system grants no mount namespace");
    else
        g_assert_cmpint(status, ==, 0);
}

/* What ends the process is written before it does. */
static void test_fatal(void)
{
    Sink sink = pipe_sink();
    g_autofree char *text = NULL;
    pid_t pid = fork();
    int status;

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), STDOUT_FILENO); /* GLib bails out there */
        start_log(sink.sink);
        g_error("the last line");
    }
    close(sink.sink);
    text = read_all(&sink);
    g_assert_cmpint(waitpid(pid, &status, 0), ==, pid);
    g_assert_true(WIFSIGNALED(status));
    g_assert_nonnull(strstr(text, "error: the last line\n"));
    close(sink.reader);
}

static guint count_threads(void)
{
    g_autoptr(GDir) dir = g_dir_open("/proc/self/task", 0, NULL);
    guint count = 0;

    while (g_dir_read_name(dir))
        count++;
    return count;
}

/* An agent that logs nothing has no thread for it. */
static void test_idle(void)
{
    Sink sink = pipe_sink();
    pid_t pid = fork();

    g_assert_cmpint(pid, >=, 0);
    if (pid == 0) {
        Log *log = start_log(sink.sink);

        g_assert_cmpuint(count_threads(), ==, 1);
        g_message("a line");
        log_stop(log);
        WAIT_ELSEWHERE(count_threads() == 1); /* the kernel takes it away a moment later */
        exit(EXIT_SUCCESS);
    }
    expect_exit(pid);
    close(sink.sink);
    close(sink.reader);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        Sink (*make)(void);
    } sinks[] = { { "pipe", pipe_sink }, { "fifo", fifo_sink }, { "datagram", datagram_sink } };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(sinks); i++) {
        g_autofree char *stuck = g_strdup_printf("/log/sink/%s/stuck -> the program exits",
                                                 sinks[i].name);
        g_autofree char *late = g_strdup_printf("/log/sink/%s/late reader -> lines and counts",
                                                sinks[i].name);

        g_test_add_data_func(stuck, sinks[i].make, test_exit);
        g_test_add_data_func(late, sinks[i].make, test_late_reader);
    }
    g_test_add_func("/log/sink/journal/stopped -> the program exits", test_stopped_journal);
    g_test_add_func("/log/sink/fatal line -> written before the abort", test_fatal);
    g_test_add_func("/log/sink/idle -> no thread", test_idle);
    return g_test_run();
}
