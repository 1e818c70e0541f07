/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/child-start.h"
#include "lib/errors.h"

/* How long a killed child may take to exit. */
#define KILL_LIMIT_MS 2000

enum { POLL_CHILD, POLL_OUTPUT, POLL_CANCEL, N_POLLS };

/* Our own environment with the variables of @more, which take precedence. */
static char **merged_environment(const char *const *more)
{
    char **all = g_get_environ();

    for (const char *const *entry = more; entry && *entry; entry++) {
        g_auto(GStrv) pair = g_strsplit(*entry, "=", 2);

        all = g_environ_setenv(all, pair[0], pair[1] ? pair[1] : "", TRUE);
    }
    return all;
}

/* A descriptor to read the request's input from, or -1 (errno). */
static int open_input(const SpawnRequest *request)
{
    int ends[2];
    ssize_t n;

    if (request->input_len > SPAWN_MAX_INPUT) {
        errno = E2BIG;
        return -1;
    }
    if (pipe2(ends, O_CLOEXEC) < 0)
        return -1;
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    n = write(ends[1], request->input, request->input_len);
    close(ends[1]);
    if (n == (ssize_t)request->input_len)
        return ends[0];
    close(ends[0]);
    errno = EAGAIN; /* only if the system's pipes are smaller than POSIX demands */
    return -1;
}

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* Returns the descriptor that tells the end of the child, or -1 with @error set. */
static int start(const SpawnRequest *request, int input, int output, pid_t *pid, GError **error)
{
    g_auto(GStrv) environment = merged_environment(request->environment);
    ChildSpec spec = {
        .kind = CHILD_HELPER,
        .argv = request->argv,
        .envp = (const char *const *)environment,
        .fds = { input, output, output },
    };

    return child_start(&spec, pid, error);
}

/* Reads once from the pipe. Returns FALSE at end of file. */
static gboolean take_output(int fd, GString *output)
{
    char chunk[4096];
    ssize_t n = read(fd, chunk, sizeof chunk);

    if (n <= 0)
        return n < 0 && (errno == EAGAIN || errno == EINTR);
    g_string_append_len(output, chunk, (gssize)MIN((gsize)n, SPAWN_MAX_OUTPUT - output->len));
    return TRUE;
}

/* Reads the child's last output, but not all output of a daemon that keeps writing. */
static void take_rest(int fd, GString *output)
{
    struct pollfd poll_now = { .fd = fd, .events = POLLIN };

    while (output->len < SPAWN_MAX_OUTPUT && poll(&poll_now, 1, 0) > 0 &&
           (poll_now.revents & POLLIN) && take_output(fd, output))
        ;
}

static int remaining_ms(gint64 until)
{
    gint64 left = until - g_get_monotonic_time();

    return (int)CLAMP((left + 999) / 1000, 0, G_MAXINT);
}

/* Waits until the child exits, the deadline passes, or the request is cancelled. */
static void watch(struct pollfd *polls, const SpawnRequest *request, SpawnResult *result)
{
    /* The deadline is checked in each round: it also applies to a child that writes without end. */
    while (g_get_monotonic_time() < request->until) {
        if (poll(polls, N_POLLS, remaining_ms(request->until)) <= 0)
            continue;
        if (polls[POLL_CHILD].revents)
            return;
        if (polls[POLL_CANCEL].revents) {
            result->cancelled = TRUE;
            return;
        }
        if (polls[POLL_OUTPUT].revents && !take_output(polls[POLL_OUTPUT].fd, result->output))
            polls[POLL_OUTPUT].fd = -1;
    }
    result->timed_out = TRUE;
}

static void reap(pid_t pid, int *status)
{
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
}

static gpointer reap_late(gpointer data)
{
    int status;

    reap(GPOINTER_TO_INT(data), &status);
    return NULL;
}

/*
 * Collects the child's status. A killed child may still hang in the kernel, for example on a file
 * of a dead server; then a thread stays to reap it.
 */
static void collect_status(pid_t pid, int end_fd, SpawnResult *result)
{
    struct pollfd child = { .fd = end_fd, .events = POLLIN };
    GThread *thread;

    if (poll(&child, 1, KILL_LIMIT_MS) > 0) {
        reap(pid, &result->status);
        return;
    }
    result->status = SIGKILL;
    thread = g_thread_try_new("reap", reap_late, GINT_TO_POINTER(pid), NULL);
    if (thread)
        g_thread_unref(thread);
}

gboolean spawn_run(const SpawnRequest *request, SpawnResult *result, GError **error)
{
    struct pollfd polls[N_POLLS];
    int ends[2], end_fd, failure;
    int input = request->input ? open_input(request) : -1;
    pid_t pid;

    if (request->input && input < 0)
        return set_errno_error(error, errno, "failed to create child process");
    if (pipe2(ends, O_CLOEXEC) < 0) {
        failure = errno;
        close_if_open(input);
        return set_errno_error(error, failure, "failed to create child process");
    }
    end_fd = start(request, input, ends[1], &pid, error);
    close_if_open(input);
    close(ends[1]);
    if (end_fd < 0) {
        close(ends[0]);
        return FALSE;
    }
    *result = (SpawnResult){ .output = g_string_new(NULL) };
    fcntl(ends[0], F_SETFL, O_NONBLOCK);
    polls[POLL_CHILD] = (struct pollfd){ .fd = end_fd, .events = POLLIN };
    polls[POLL_OUTPUT] = (struct pollfd){ .fd = ends[0], .events = POLLIN };
    polls[POLL_CANCEL] = (struct pollfd){ .fd = request->cancel_fd, .events = POLLIN };
    watch(polls, request, result);
    /* The child's group is killed with it; a daemon that left the session stays. */
    if (result->timed_out || result->cancelled)
        kill(-pid, SIGKILL);
    collect_status(pid, end_fd, result);
    take_rest(ends[0], result->output);
    close(end_fd);
    close(ends[0]);
    return TRUE;
}

void spawn_result_clear(SpawnResult *result)
{
    if (result->output)
        g_string_free(result->output, TRUE);
    result->output = NULL;
}

gboolean spawn_check(const SpawnResult *result, const char *action, GError **error)
{
    const char *output = result->output->str;

    if (result->timed_out)
        return set_error(error, "child process was killed: it did not %s in time", action);
    if (result->cancelled)
        return set_error(error, "child process was killed: cancelled");
    if (!WIFEXITED(result->status))
        return set_error(error, "child process has terminated abnormally%s%s",
                         *output ? ": " : "", output);
    if (WEXITSTATUS(result->status) == 0)
        return TRUE;
    if (*output)
        return set_error(error, "child process has failed to %s: %s", action, output);
    return set_error(error, "child process has failed to %s: exit status %d", action,
                     WEXITSTATUS(result->status));
}
