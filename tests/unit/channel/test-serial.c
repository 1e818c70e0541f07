/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "channel/channel.h"
#include "tests/unit/kit/kit.h"

/*
 * A pseudo-terminal for the serial line, and for a virtio port as far as one is
 * like the other; a link stands for the device node.
 */

typedef struct {
    char *dir;
    char *path;
    ChannelConfig config;
    Channel *channel;
    int master;
    GString *events;
    char *why;
} Fixture;

static void on_opened(Conn *conn, gpointer data)
{
    (void)conn;
    g_string_append_c(((Fixture *)data)->events, 'o');
}

/* Says back what it was told. */
static void on_frame(Conn *conn, Frame *frame, gpointer data)
{
    GString *reply = g_string_new(frame->data);

    g_string_append_c(((Fixture *)data)->events, 'f');
    g_free(frame->data);
    g_string_append_c(reply, '\n');
    conn_send(conn, reply);
}

static void on_drained(Conn *conn, gpointer data)
{
    (void)conn;
    (void)data;
}

static void on_closed(Conn *conn, gpointer data)
{
    (void)conn;
    g_string_append_c(((Fixture *)data)->events, 'c');
}

static void on_state(Channel *channel, ChannelState state, const GError *why, gpointer data)
{
    Fixture *f = data;

    (void)channel;
    g_string_append_c(f->events, state == CHANNEL_OPEN ? 'O' : 'W');
    g_free(f->why);
    f->why = why ? g_strdup(why->message) : NULL;
}

static const ChannelEvents events = {
    .conn = { on_opened, on_frame, on_drained, on_closed },
    .state = on_state,
};

/* A port has no modes of a terminal. */
static void make_raw(int fd)
{
    struct termios mode;

    g_assert_cmpint(tcgetattr(fd, &mode), ==, 0);
    cfmakeraw(&mode);
    g_assert_cmpint(tcsetattr(fd, TCSANOW, &mode), ==, 0);
}

/* Makes a terminal whose other end is found at the link. */
static void plug_in(Fixture *f)
{
    g_autofree char *fresh = g_build_filename(f->dir, "fresh", NULL);

    f->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    g_assert_cmpint(f->master, >=, 0);
    g_assert_cmpint(grantpt(f->master), ==, 0);
    g_assert_cmpint(unlockpt(f->master), ==, 0);
    if (g_str_equal(f->config.method, "virtio-serial"))
        make_raw(f->master);
    g_assert_cmpint(symlink(ptsname(f->master), fresh), ==, 0);
    g_assert_cmpint(g_rename(fresh, f->path), ==, 0);
}

static void unplug(Fixture *f)
{
    close(f->master);
    f->master = -1;
}

static void set_up(Fixture *f, gconstpointer method)
{
    f->dir = kit_make_directory();
    f->path = g_build_filename(f->dir, "tty", NULL);
    f->config = (ChannelConfig){ .method = method, .path = f->path, .listen_fd = -1 };
    f->master = -1;
    f->events = g_string_new(NULL);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    channel_close(f->channel);
    if (f->master >= 0)
        close(f->master);
    g_string_free(f->events, TRUE);
    g_free(f->why);
    g_free(f->path);
    kit_remove_tree(f->dir);
}

static void open_channel(Fixture *f)
{
    g_autoptr(GError) error = NULL;

    f->channel = channel_open(&f->config, &events, f, &error);
    g_assert_no_error(error);
    g_assert_nonnull(f->channel);
}

static gboolean heard(Fixture *f, GString *text, const char *wanted)
{
    char buffer[4096];
    ssize_t n = read(f->master, buffer, sizeof buffer);

    if (n > 0)
        g_string_append_len(text, buffer, n);
    return g_str_equal(text->str, wanted);
}

/* The terminal's other end is not part of the main loop, so it is looked at now and then. */
static void converse(Fixture *f, const char *text, const char *wanted)
{
    g_autoptr(GString) answer = g_string_new(NULL);

    g_assert_cmpint(write(f->master, text, strlen(text)), ==, (int)strlen(text));
    WAIT_ELSEWHERE(heard(f, answer, wanted));
}

static void test_dialogue(Fixture *f, gconstpointer data)
{
    (void)data;
    plug_in(f);
    open_channel(f);
    g_assert_true(channel_is_open(f->channel));
    g_assert_cmpstr(channel_method(f->channel), ==, f->config.method);
    converse(f, "{\"a\":1}", "{\"a\":1}\n");
    /* Raw: what a terminal would take for itself gets through, in both directions. */
    converse(f, "\"\x7F'\xC3\xA9\"{\"b\":\r2}\n", "\"\x7F'\xC3\xA9\"\n{\"b\":\r2}\n");
    converse(f, "\x03", "JSON parse error, stray '\x03'\n");
}

static void test_raw_mode(Fixture *f, gconstpointer data)
{
    struct termios mode;

    (void)data;
    plug_in(f);
    open_channel(f);
    g_assert_cmpint(tcgetattr(f->master, &mode), ==, 0);
    g_assert_cmpuint(mode.c_lflag & (ICANON | ECHO | ISIG | IEXTEN), ==, 0);
    g_assert_cmpuint(mode.c_oflag & OPOST, ==, 0);
    g_assert_cmpuint(mode.c_iflag & (ICRNL | INLCR | IXON | IXOFF | ISTRIP), ==, 0);
    g_assert_cmpuint(cfgetospeed(&mode), ==, B38400);
}

static void test_hang_up_and_return(Fixture *f, gconstpointer data)
{
    (void)data;
    plug_in(f);
    open_channel(f);
    converse(f, "{\"a\":1}", "{\"a\":1}\n");
    g_assert_cmpstr(f->events->str, ==, "Oof");
    unplug(f);
    WAIT_UNTIL(g_str_has_prefix(f->events->str, "OofcW"));
    g_assert_false(channel_is_open(f->channel));
    plug_in(f);
    WAIT_UNTIL(channel_is_open(f->channel));
    converse(f, "{\"b\":2}", "{\"b\":2}\n");
    g_assert_true(g_str_has_suffix(f->events->str, "Oof"));
}

/* A half-sent request dies with its line. */
static void test_half_request(Fixture *f, gconstpointer data)
{
    (void)data;
    plug_in(f);
    open_channel(f);
    converse(f, "{}{\"half\":", "{}\n");
    unplug(f);
    WAIT_UNTIL(strchr(f->events->str, 'W'));
    plug_in(f);
    WAIT_UNTIL(channel_is_open(f->channel));
    converse(f, "{\"b\":2}", "{\"b\":2}\n");
}

static void test_retry(Fixture *f, gconstpointer data)
{
    g_autofree char *wanted =
        g_strdup_printf("error opening channel '%s': No such file or directory", f->path);

    (void)data;
    f->config.retry = TRUE;
    open_channel(f);
    g_assert_cmpstr(f->events->str, ==, "W");
    g_assert_cmpstr(f->why, ==, wanted);
    plug_in(f);
    WAIT_UNTIL(channel_is_open(f->channel));
    converse(f, "{\"a\":1}", "{\"a\":1}\n");
    g_assert_cmpstr(f->events->str, ==, "WOof");
}

static void test_no_retry(Fixture *f, gconstpointer data)
{
    g_autofree char *wanted =
        g_strdup_printf("error opening channel '%s': No such file or directory", f->path);
    g_autoptr(GError) error = NULL;

    (void)data;
    g_assert_null(channel_open(&f->config, &events, f, &error));
    kit_expect_error(&error, wanted);
    g_assert_cmpstr(f->events->str, ==, "");
}

static void test_no_terminal(Fixture *f, gconstpointer data)
{
    g_autofree char *wanted =
        g_strdup_printf("error opening channel '%s': Inappropriate ioctl for device", f->path);
    g_autoptr(GError) error = NULL;

    (void)data;
    g_free(kit_write_file(f->dir, "tty", "a file"));
    g_assert_null(channel_open(&f->config, &events, f, &error));
    kit_expect_error(&error, wanted);
    g_assert_false(channel_probe(&f->config, &error));
    kit_expect_error(&error, wanted);
}

static void test_probe(Fixture *f, gconstpointer data)
{
    g_autoptr(GError) error = NULL;

    (void)data;
    g_assert_false(channel_probe(&f->config, &error));
    g_assert_nonnull(error);
    plug_in(f);
    g_assert_true(channel_probe(&f->config, NULL));
    g_assert_cmpstr(f->events->str, ==, "");
}

/* The end of file of a port is its host's leaving; the port itself stays. */
static void test_host_away(Fixture *f, gconstpointer data)
{
    (void)data;
    plug_in(f);
    open_channel(f);
    converse(f, "{\"a\":1}", "{\"a\":1}\n");
    unplug(f);
    WAIT_UNTIL(g_str_equal(f->events->str, "Oofc"));
    kit_run_ready();
    g_assert_true(channel_is_open(f->channel));
    g_assert_false(g_main_context_pending(NULL));
}

typedef enum { FOR_BOTH, FOR_LINE, FOR_PORT } Purpose;

typedef struct {
    const char *name;
    void (*func)(Fixture *f, gconstpointer data);
    Purpose what;
} Test;

static const Test tests[] = {
    { "dialogue", test_dialogue, FOR_BOTH },
    { "raw-mode", test_raw_mode, FOR_LINE },
    { "hang-up-and-return", test_hang_up_and_return, FOR_LINE },
    { "half-request", test_half_request, FOR_LINE },
    { "retry", test_retry, FOR_BOTH },
    { "no-retry", test_no_retry, FOR_BOTH },
    { "no-terminal", test_no_terminal, FOR_LINE },
    { "host-away", test_host_away, FOR_PORT },
    { "probe", test_probe, FOR_BOTH },
};

static void add_tests(const char *method, Purpose other)
{
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
        g_autofree char *path = g_strdup_printf("/%s/%s", method, tests[i].name);

        if (tests[i].what != other)
            g_test_add(path, Fixture, method, set_up, tests[i].func, tear_down);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add_tests("isa-serial", FOR_PORT);
    add_tests("virtio-serial", FOR_LINE);
    return g_test_run();
}
