/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/core/agent.h"
#include "tests/unit/kit/kit.h"

/* The service as a whole, with a command of the test's own and a host at its socket. */

/* Requests that together log more than a pipe holds. */
#define N_REQUESTS 2000

static gboolean ping_run(Call *call, GError **error)
{
    (void)call;
    (void)error;
    return TRUE;
}

static const Command ping = {
    .name = "test-ping", .rank = 1, .since = "1.0", .doc = "answers", .flags = COMMAND_SESSION,
    .run = ping_run,
};

static const Command *const commands[] = { &ping, NULL };

typedef struct {
    const Services *services;
    gboolean taken_over; /* as if an earlier agent had left a freeze */
} Probe;

static Probe *probe; /* there is one agent at a time, and init() has no data of the test's */

static void *probe_init(const Services *services, GError **error)
{
    (void)error;
    probe->services = services;
    if (probe->taken_over)
        services->set_frozen(services->agent, TRUE, 0);
    return probe;
}

static const Family family = { .name = "test", .commands = commands, .init = probe_init };
static const Family *const families[] = { &family, NULL };

typedef struct {
    Probe probe;
    Settings settings;
    char *dir;
    Agent *agent;
} Case;

static Log *the_log;

static void start_agent(Case *c, gboolean taken_over)
{
    g_autoptr(GError) error = NULL;

    c->dir = kit_make_directory();
    c->probe.taken_over = taken_over;
    probe = &c->probe;
    c->settings = (Settings){
        .method = (char *)"unix-listen",
        .path = g_build_filename(c->dir, "agent", NULL),
        .statedir = c->dir,
        .trace_wire = TRUE,
        .listen_fd = -1,
    };
    c->agent = agent_new(&c->settings, families, the_log, &error);
    g_assert_no_error(error);
}

static void stop_agent(Case *c)
{
    g_assert_true(agent_free(c->agent));
    g_free(c->settings.path);
    kit_remove_tree(c->dir);
}

static gboolean is_served(const Probe *p)
{
    CommandState state;

    g_assert_true(p->services->command_state(p->services->agent, 0, &state));
    return state.enabled;
}

typedef struct {
    const Probe *probe;
    gint tid;
} Thaw;

static gpointer thaw(gpointer data)
{
    Thaw *thaw = data;
    const Services *services = thaw->probe->services;

    g_atomic_int_set(&thaw->tid, gettid());
    services->set_frozen(services->agent, FALSE, 0);
    return NULL;
}

/* Whether the thread waits for something. */
static gboolean is_asleep(Thaw *thaw)
{
    g_autofree char *path = NULL;
    g_autofree char *text = NULL;
    int tid = g_atomic_int_get(&thaw->tid);

    if (!tid)
        return FALSE;
    path = g_strdup_printf("/proc/self/task/%d/stat", tid);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    return g_str_has_prefix(strrchr(text, ')'), ") S ");
}

/*
 * The log is a FIFO, so the thaw waits in the midst of opening its files until the test reads.
 * Until then a guest-file-open would fail, and must not be served.
 */
static void test_thaw(void)
{
    g_autoptr(GError) error = NULL;
    Case c = { 0 };
    Thaw thread_data = { .probe = &c.probe };
    GThread *thread;
    gint64 handle;
    int fifo;

    start_agent(&c, TRUE);
    c.settings.logfile = g_build_filename(c.dir, "log", NULL);
    g_assert_cmpint(mkfifo(c.settings.logfile, 0600), ==, 0);
    g_assert_false(is_served(&c.probe));
    thread = g_thread_new("thaw", thaw, &thread_data);
    WAIT_ELSEWHERE(is_asleep(&thread_data));
    g_assert_false(is_served(&c.probe));
    fifo = open(c.settings.logfile, O_RDONLY | O_CLOEXEC);
    g_thread_join(thread);
    g_assert_true(is_served(&c.probe));
    g_assert_true(c.probe.services->next_handle(c.probe.services->agent, &handle, &error));
    g_assert_no_error(error);
    g_assert_cmpint(handle, ==, 1000);
    log_open(the_log, NULL, FALSE, NULL);
    close(fifo);
    g_free(c.settings.logfile);
    stop_agent(&c);
}

static int connect_host(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

static gboolean has_reply(int host)
{
    char reply[64];
    ssize_t n = recv(host, reply, sizeof reply, MSG_DONTWAIT);

    if (n < 0)
        return FALSE;
    g_assert_cmpmem(reply, n, "{\"return\": {}}\n", 15);
    return TRUE;
}

/* Standard error is a pipe that nothing reads, and each request logs two lines. */
static void test_stuck_log(void)
{
    static const char request[] = "{\"execute\": \"test-ping\"}\n";
    int ends[2], before = dup(STDERR_FILENO);
    Case c = { 0 };
    int host;

    g_assert_cmpint(pipe2(ends, O_CLOEXEC), ==, 0);
    dup2(ends[1], STDERR_FILENO);
    start_agent(&c, FALSE);
    host = connect_host(c.settings.path);
    for (int i = 0; i < N_REQUESTS; i++) {
        g_assert_cmpint(write(host, request, strlen(request)), ==, strlen(request));
        WAIT_UNTIL(has_reply(host));
    }
    close(host);
    close(ends[0]); /* the lines that wait are lost now */
    g_assert_true(log_flush(the_log, g_get_monotonic_time() + KIT_DEADLINE_S * G_USEC_PER_SEC));
    dup2(before, STDERR_FILENO);
    stop_agent(&c);
    close(ends[1]);
    close(before);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    alarm(2 * KIT_DEADLINE_S); /* a main loop that waits for the log has no deadline of its own */
    the_log = log_start();
    g_test_add_func("/agent/thaw/files not open yet -> commands not served", test_thaw);
    g_test_add_func("/agent/log/full pipe -> requests are answered",
                    test_stuck_log);
    return g_test_run();
}
