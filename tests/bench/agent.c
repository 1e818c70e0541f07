/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Far beyond any wait of an agent that works. */
#define PATIENCE_S 10
/* How often a start that says nothing is looked at: the process may be gone. */
#define LOOK_AGAIN_MS 100

const Question ask_ping = { "{\"execute\": \"guest-ping\"}\n", "{\"return\": {}}\n" };
const Question ask_info = { "{\"execute\": \"guest-info\"}\n", "{\"return\": {\"version\": \"" };
const Question ask_osinfo = { "{\"execute\": \"guest-get-osinfo\"}\n",
                              "{\"return\": {\"name\": \"" };
const Question ask_cpustats = { "{\"execute\": \"guest-get-cpustats\"}\n", "{\"return\": [{\"" };
const Question ask_diskstats = { "{\"execute\": \"guest-get-diskstats\"}\n", "{\"return\": [" };

void die(const char *format, ...)
{
    va_list args;

    fputs("bench: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
    exit(EXIT_FAILURE);
}

int64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

void sleep_ms(int ms)
{
    struct timespec left = { ms / 1000, ms % 1000 * 1000000L };

    while (nanosleep(&left, &left) < 0 && errno == EINTR)
        ;
}

void agent_init(Agent *agent, const char *label, const char *program, const char *libs,
                const char *parent)
{
    *agent = (Agent){ .label = label, .program = program, .libs = libs };
    if (snprintf(agent->dir, sizeof agent->dir, "%s/%s", parent, label) >= (int)sizeof agent->dir ||
        (mkdir(agent->dir, 0700) < 0 && errno != EEXIST))
        die("cannot make the directory %s: %s", agent->dir, strerror(errno));
    snprintf(agent->socket, sizeof agent->socket, "%s/agent.sock", agent->dir);
    agent->null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (agent->null < 0)
        die("cannot open /dev/null: %s", strerror(errno));
    /* One watch for all starts: closing one can take longer than a start. */
    agent->watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (agent->watch < 0 || inotify_add_watch(agent->watch, agent->dir, IN_CREATE) < 0)
        die("cannot watch %s: %s", agent->dir, strerror(errno));
}

static void remove_file(const Agent *agent, const char *name)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/%s", agent->dir, name) < (int)sizeof path)
        unlink(path);
}

void agent_clear(Agent *agent)
{
    agent_stop(agent);
    close(agent->watch);
    close(agent->null);
    remove_file(agent, "qga.state");
    rmdir(agent->dir);
}

/*
 * The child of vfork(), which shares our memory until the exec: copying page
 * tables would blur the time to the first reply.
 */
static void become_agent(const Agent *agent, const char **argv, const char **environment)
{
    int null = open("/dev/null", O_WRONLY);

    /* What they log costs both the same, and would bury the table. */
    dup2(null, STDERR_FILENO);
    /* Whatever ends us ends the agent. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(agent->null, STDERR_FILENO); /* audit lines are not for the table's reader */
    execve(agent->program, (char **)argv, (char **)environment);
    _exit(127);
}

void agent_start(Agent *agent)
{
    char libs[PATH_MAX];
    const char *argv[] = { agent->program, "-m", "unix-listen", "-p", agent->socket,
                           "-t", agent->dir, NULL };
    /* The same short environment for both, without a service manager's variables. */
    const char *environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C",
                                  agent->libs ? libs : NULL, NULL };

    snprintf(libs, sizeof libs, "LD_LIBRARY_PATH=%s", agent->libs ? agent->libs : "");
    agent->pid = vfork();
    if (agent->pid < 0)
        die("cannot start a process: %s", strerror(errno));
    if (agent->pid == 0)
        become_agent(agent, argv, environment);
}

void agent_stop(Agent *agent)
{
    if (agent->pid <= 0)
        return;
    /* Not SIGTERM: on that, qemu-ga now and then waits for itself for ever. */
    kill(agent->pid, SIGKILL);
    waitpid(agent->pid, NULL, 0);
    agent->pid = 0;
    unlink(agent->socket);
}

/* Sleeps until something happens in the agent's directory. */
static void wait_for_socket(Agent *agent)
{
    char events[4096];
    struct pollfd entry = { .fd = agent->watch, .events = POLLIN };

    if (access(agent->socket, F_OK) == 0) {
        sched_yield();
        return;
    }
    if (poll(&entry, 1, LOOK_AGAIN_MS) > 0 && read(agent->watch, events, sizeof events) < 0)
        die("inotify: %s", strerror(errno));
}

static void check_alive(Agent *agent)
{
    if (waitpid(agent->pid, NULL, WNOHANG) == 0)
        return;
    agent->pid = 0;
    die("%s (%s) ended at its start", agent->label, agent->program);
}

static int try_connect(Agent *agent)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    struct timeval patience = { .tv_sec = PATIENCE_S };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || strlen(agent->socket) >= sizeof address.sun_path)
        die("cannot make a socket for %s: %s", agent->socket,
            fd < 0 ? strerror(errno) : "the path is too long");
    strcpy(address.sun_path, agent->socket);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    close(fd);
    return -1;
}

/* Waits by inotify, so that not even one core is taken from the agent's start. */
static int wait_and_connect(Agent *agent)
{
    int64_t deadline = now_ns() + PATIENCE_S * INT64_C(1000000000);
    int fd;

    while ((fd = try_connect(agent)) < 0) {
        if (now_ns() > deadline)
            die("%s cannot be reached at %s", agent->label, agent->socket);
        check_alive(agent);
        wait_for_socket(agent);
    }
    return fd;
}

int agent_connect(Agent *agent)
{
    int fd = try_connect(agent);

    return fd >= 0 ? fd : wait_and_connect(agent);
}

void send_all(Agent *agent, int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR)
            die("cannot write to %s: %s", agent->label, strerror(errno));
        if (n > 0) {
            data += n;
            len -= (size_t)n;
        }
    }
}

static size_t count_lines(const char *text, size_t len)
{
    size_t lines = 0;

    for (const char *end = text + len; (text = memchr(text, '\n', (size_t)(end - text))); text++)
        lines++;
    return lines;
}

const char *receive_lines(Agent *agent, int fd, size_t lines, size_t *len)
{
    static char *buffer;
    static size_t size;
    size_t used = 0;

    while (lines > 0) {
        ssize_t n;

        if (size - used < 65536) {
            size = size ? size * 2 : 131072;
            buffer = realloc(buffer, size);
            if (!buffer)
                die("out of memory");
        }
        n = read(fd, buffer + used, size - used - 1);
        if (n <= 0)
            die("no answer from %s: %s", agent->label, n ? strerror(errno) : "end of file");
        lines -= count_lines(buffer + used, (size_t)n);
        used += (size_t)n;
    }
    buffer[used] = '\0';
    *len = used;
    return buffer;
}

size_t ask_size(Agent *agent, int fd, const Question *question)
{
    size_t len;
    const char *answer;

    send_all(agent, fd, question->request, strlen(question->request));
    answer = receive_lines(agent, fd, 1, &len);
    if (strncmp(answer, question->answer, strlen(question->answer)) != 0)
        die("%s answers %.60s with %.200s", agent->label, question->request, answer);
    return len;
}

void ask(Agent *agent, int fd, const Question *question)
{
    ask_size(agent, fd, question);
}

void exec_true(Agent *agent, int fd)
{
    static const char start[] =
        "{\"execute\": \"guest-exec\", \"arguments\": {\"path\": \"/bin/true\"}}\n";
    static const char started[] = "{\"return\": {\"pid\": ";
    char request[100];
    const char *answer;
    size_t len;

    send_all(agent, fd, start, sizeof start - 1);
    answer = receive_lines(agent, fd, 1, &len);
    if (strncmp(answer, started, sizeof started - 1) != 0)
        die("%s does not start /bin/true: %.200s", agent->label, answer);
    snprintf(request, sizeof request,
             "{\"execute\": \"guest-exec-status\", \"arguments\": {\"pid\": %d}}\n",
             atoi(answer + sizeof started - 1));
    do {
        send_all(agent, fd, request, strlen(request));
        answer = receive_lines(agent, fd, 1, &len);
    } while (strstr(answer, "\"exited\": false"));
    if (!strstr(answer, "\"exitcode\": 0"))
        die("%s: /bin/true ended with %.200s", agent->label, answer);
}
