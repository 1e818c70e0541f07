/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "channel/channel.h"
#include "tests/unit/kit/kit.h"

/* A listening socket and the hosts that connect to it; replies are sent when the test says so. */

typedef struct {
    char *dir;
    char *path;
    ChannelConfig config;
    Channel *channel;
    guint opened;
    guint closed;
    guint frames;
    gboolean silent; /* replies are not sent at once */
    Conn *last;
} Fixture;

static void on_opened(Conn *conn, gpointer data)
{
    (void)conn;
    ((Fixture *)data)->opened++;
}

static void on_frame(Conn *conn, Frame *frame, gpointer data)
{
    Fixture *f = data;

    g_free(frame->data);
    f->frames++;
    f->last = conn;
    if (f->silent)
        conn_set_busy(conn, TRUE);
    else
        conn_send(conn, g_string_new("reply\n"));
}

static void on_drained(Conn *conn, gpointer data)
{
    (void)conn;
    (void)data;
}

static void on_closed(Conn *conn, gpointer data)
{
    (void)conn;
    ((Fixture *)data)->closed++;
}

static void on_state(Channel *channel, ChannelState state, const GError *why, gpointer data)
{
    (void)channel;
    (void)state;
    (void)why;
    (void)data;
}

static const ChannelEvents events = {
    .conn = { on_opened, on_frame, on_drained, on_closed },
    .state = on_state,
};

static void set_up(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    f->dir = kit_make_directory();
    f->path = g_build_filename(f->dir, "socket", NULL);
    f->config = (ChannelConfig){ .method = "unix-listen", .path = f->path, .listen_fd = -1 };
    f->channel = channel_open(&f->config, &events, f, &error);
    g_assert_no_error(error);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    channel_close(f->channel);
    g_assert_cmpuint(f->opened, ==, f->closed);
    g_free(f->path);
    kit_remove_tree(f->dir);
}

static int connect_to(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    g_assert_cmpint(connect(fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    return fd;
}

static void say(int fd, const char *text)
{
    g_assert_cmpint(write(fd, text, strlen(text)), ==, (int)strlen(text));
}

static gboolean has_reply(int fd)
{
    char buffer[64] = "";

    return read(fd, buffer, sizeof buffer - 1) > 0 && g_str_equal(buffer, "reply\n");
}

static gboolean at_end(int fd)
{
    char byte;

    return read(fd, &byte, 1) == 0;
}

static void test_dialogue(Fixture *f, gconstpointer data)
{
    int fd = connect_to(f->path);

    (void)data;
    WAIT_UNTIL(f->opened == 1);
    say(fd, "{}");
    WAIT_UNTIL(has_reply(fd));
    g_assert_true(g_str_has_prefix(conn_name(f->last), f->path));
    close(fd);
    WAIT_UNTIL(f->closed == 1);
}

static void test_names(Fixture *f, gconstpointer data)
{
    g_autofree char *first = NULL;
    int fds[2] = { connect_to(f->path), connect_to(f->path) };

    (void)data;
    say(fds[0], "{}");
    WAIT_UNTIL(has_reply(fds[0]));
    first = g_strdup(conn_name(f->last));
    say(fds[1], "{}");
    WAIT_UNTIL(has_reply(fds[1]));
    g_assert_cmpstr(conn_name(f->last), !=, first);
    close(fds[0]);
    close(fds[1]);
}

/* One host more than are served waits until another leaves. */
static void test_seventeenth(Fixture *f, gconstpointer data)
{
    int fds[CHANNEL_MAX_CONNS + 1];

    (void)data;
    for (guint i = 0; i <= CHANNEL_MAX_CONNS; i++)
        fds[i] = connect_to(f->path);
    for (guint i = 0; i < CHANNEL_MAX_CONNS; i++) {
        say(fds[i], "{}");
        WAIT_UNTIL(has_reply(fds[i]));
    }
    say(fds[CHANNEL_MAX_CONNS], "{}");
    kit_run_ready();
    g_assert_cmpuint(f->opened, ==, CHANNEL_MAX_CONNS);
    g_assert_false(has_reply(fds[CHANNEL_MAX_CONNS]));
    close(fds[3]);
    WAIT_UNTIL(has_reply(fds[CHANNEL_MAX_CONNS]));
    for (guint i = 0; i <= CHANNEL_MAX_CONNS; i++)
        if (i != 3)
            close(fds[i]);
    WAIT_UNTIL(f->closed == CHANNEL_MAX_CONNS + 1);
}

/* A host that has said its last word still gets its answer, then the end. */
static void test_half_close(Fixture *f, gconstpointer data)
{
    int fd = connect_to(f->path);

    (void)data;
    f->silent = TRUE;
    say(fd, "{}");
    shutdown(fd, SHUT_WR);
    WAIT_UNTIL(f->frames == 1);
    kit_run_ready();
    g_assert_cmpuint(f->closed, ==, 0);
    conn_send(f->last, g_string_new("reply\n"));
    conn_set_busy(f->last, FALSE);
    WAIT_UNTIL(has_reply(fd));
    WAIT_UNTIL(at_end(fd));
    g_assert_cmpuint(f->closed, ==, 1);
    close(fd);
}

static void test_half_close_idle(Fixture *f, gconstpointer data)
{
    int fd = connect_to(f->path);

    (void)data;
    say(fd, "{\"half");
    shutdown(fd, SHUT_WR);
    WAIT_UNTIL(at_end(fd));
    g_assert_cmpuint(f->frames, ==, 0);
    close(fd);
}

/* The whole of a long answer arrives after the host has half closed. */
static void test_half_close_long(Fixture *f, gconstpointer data)
{
    const gsize size = 3 * 1024 * 1024;
    GString *line = g_string_new(NULL);
    int fd = connect_to(f->path);
    gsize heard = 0;

    (void)data;
    f->silent = TRUE;
    say(fd, "{}");
    shutdown(fd, SHUT_WR);
    WAIT_UNTIL(f->frames == 1);
    g_string_set_size(line, size);
    memset(line->str, 'x', size);
    conn_send(f->last, line);
    conn_set_busy(f->last, FALSE);
    while (heard < size) {
        char buffer[65536];
        ssize_t n = read(fd, buffer, sizeof buffer);

        g_assert_cmpint(n, !=, 0);
        if (n > 0)
            heard += (gsize)n;
        kit_run_ready();
    }
    WAIT_UNTIL(at_end(fd));
    close(fd);
}

/* What a host asked before it hung up is worked on. */
static void test_hang_up(Fixture *f, gconstpointer data)
{
    int fd = connect_to(f->path);

    (void)data;
    f->silent = TRUE;
    say(fd, "{}[]");
    close(fd);
    WAIT_UNTIL(f->closed == 1);
    g_assert_cmpuint(f->frames, ==, 2);
}

/* Held back by a full queue, then gone: the connection ends, and nothing spins. */
static void test_hang_up_congested(Fixture *f, gconstpointer data)
{
    int fd = connect_to(f->path);
    GString *line = g_string_new(NULL);

    (void)data;
    f->silent = TRUE;
    say(fd, "{}");
    WAIT_UNTIL(f->frames == 1);
    g_string_set_size(line, 4 * 1024 * 1024);
    memset(line->str, 'x', line->len);
    conn_send(f->last, line);
    conn_set_busy(f->last, FALSE);
    kit_run_ready();
    g_assert_true(conn_congested(f->last));
    say(fd, "{}");
    close(fd);
    WAIT_UNTIL(f->closed == 1);
    kit_run_ready();
    g_assert_false(g_main_context_pending(NULL));
}

/* Held back by the dispatch, then gone: no spinning until there is room again. */
static void test_hang_up_held(Fixture *f, gconstpointer data)
{
    int fd = connect_to(f->path);

    (void)data;
    say(fd, "{}");
    WAIT_UNTIL(has_reply(fd));
    conn_hold(f->last, TRUE);
    say(fd, "[]");
    close(fd);
    kit_run_ready();
    g_assert_false(g_main_context_pending(NULL));
    g_assert_cmpuint(f->closed, ==, 0);
    conn_hold(f->last, FALSE);
    WAIT_UNTIL(f->closed == 1);
    g_assert_cmpuint(f->frames, ==, 2);
}

static void test_replaces_path(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;
    int fd;

    (void)data;
    channel_close(f->channel);
    g_assert_true(g_file_test(f->path, G_FILE_TEST_EXISTS));
    f->channel = channel_open(&f->config, &events, f, &error);
    g_assert_no_error(error);
    fd = connect_to(f->path);
    say(fd, "{}");
    WAIT_UNTIL(has_reply(fd));
    close(fd);
}

/* A socket that systemd, or a test, has made. */
static void test_inherited(Fixture *f, gconstpointer data)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *path = g_build_filename(f->dir, "inherited", NULL);
    ChannelConfig config = { .method = "unix-listen" };
    Channel *channel;
    int fd;

    (void)data;
    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    config.listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(config.listen_fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(config.listen_fd, 5), ==, 0);
    g_assert_true(channel_probe(&config, NULL));
    channel = channel_open(&config, &events, f, NULL);
    fd = connect_to(path);
    say(fd, "{}");
    WAIT_UNTIL(has_reply(fd));
    close(fd);
    WAIT_UNTIL(f->closed == 1);
    channel_close(channel);
}

static void expect_failure(ChannelConfig *config, const char *why)
{
    g_autofree char *wanted = g_strdup_printf("error opening channel '%s': %s", config->path, why);
    g_autoptr(GError) error = NULL;

    g_assert_null(channel_open(config, &events, NULL, &error));
    g_assert_true(error->domain == G_FILE_ERROR);
    kit_expect_error(&error, wanted);
}

static void test_failures(Fixture *f, gconstpointer data)
{
    g_autofree char *missing = g_build_filename(f->dir, "no", "socket", NULL);
    g_autofree char *name = g_strnfill(200, 'n');
    ChannelConfig config = { .method = "unix-listen", .path = missing, .listen_fd = -1 };
    g_autoptr(GError) error = NULL;

    (void)data;
    expect_failure(&config, "No such file or directory");
    g_assert_false(channel_probe(&config, NULL));
    config.path = name;
    expect_failure(&config, "File name too long");
    config.method = "vsock-listen";
    config.path = "3";
    expect_failure(&config, "Invalid argument");
    config.path = "3:4:5";
    expect_failure(&config, "Invalid argument");
    config.path = "4294967296:1";
    expect_failure(&config, "Invalid argument");
    config.method = "pigeon";
    g_assert_null(channel_open(&config, &events, NULL, &error));
    kit_expect_error(&error, "unsupported channel method/type: pigeon");
    g_assert_false(channel_probe(&config, &error));
    kit_expect_error(&error, "unsupported channel method/type: pigeon");
    g_assert_false(channel_method_known("pigeon"));
    g_assert_true(channel_method_known("virtio-serial") && channel_method_known("isa-serial") &&
                  channel_method_known("unix-listen") && channel_method_known("vsock-listen"));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/unix-listen/dialogue", test_dialogue },
        { "/unix-listen/names", test_names },
        { "/unix-listen/seventeenth", test_seventeenth },
        { "/unix-listen/half-close", test_half_close },
        { "/unix-listen/half-close-idle", test_half_close_idle },
        { "/unix-listen/half-close-long", test_half_close_long },
        { "/unix-listen/hang-up", test_hang_up },
        { "/unix-listen/hang-up-congested", test_hang_up_congested },
        { "/unix-listen/hang-up-held", test_hang_up_held },
        { "/unix-listen/replaces-path", test_replaces_path },
        { "/unix-listen/inherited", test_inherited },
        { "/unix-listen/failures", test_failures },
    };

    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    return g_test_run();
}
