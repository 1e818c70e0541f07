/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel/device.h"
#include "tests/unit/kit/kit.h"

/* A device with a socket pair behind it: hang-ups without a real port. */

typedef struct {
    ChannelConfig config;
    ChannelOps ops;
    Channel *channel;
    int host;
    gboolean hold; /* after each frame */
    GString *events; /* a letter for each */
} Fixture;

static void on_opened(Conn *conn, gpointer data)
{
    (void)conn;
    g_string_append_c(((Fixture *)data)->events, 'o');
}

static void on_frame(Conn *conn, Frame *frame, gpointer data)
{
    Fixture *f = data;

    g_string_append_c(f->events, 'f');
    g_free(frame->data);
    conn_send(conn, g_string_new("reply\n"));
    conn_hold(conn, f->hold);
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
    (void)channel;
    (void)why;
    g_string_append_c(((Fixture *)data)->events, state == CHANNEL_OPEN ? 'O' : 'W');
}

static const ChannelEvents events = {
    .conn = { on_opened, on_frame, on_drained, on_closed },
    .state = on_state,
};

static void close_device(void *impl)
{
    device_free(impl);
}

static const DeviceKind port = { .eof_is_host_away = TRUE };
static const DeviceKind line = { .eof_is_host_away = FALSE };

static void set_up(Fixture *f, gconstpointer kind)
{
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), ==, 0);
    f->host = fds[0];
    f->events = g_string_new(NULL);
    f->config = (ChannelConfig){ .method = "test", .path = "/nonexistent", .listen_fd = -1 };
    f->ops = (ChannelOps){ .method = "test", .close = close_device };
    f->channel = g_new0(Channel, 1);
    f->channel->ops = &f->ops;
    f->channel->config = &f->config;
    f->channel->events = &events;
    f->channel->data = f;
    f->channel->opened_at = g_get_monotonic_time();
    f->channel->impl = device_new(f->channel, kind, fds[1]);
    g_assert_nonnull(f->channel->impl);
}

static void hang_up(Fixture *f)
{
    close(f->host);
    f->host = -1;
}

static void tear_down(Fixture *f, gconstpointer kind)
{
    (void)kind;
    channel_close(f->channel);
    if (f->host >= 0)
        close(f->host);
    g_string_free(f->events, TRUE);
}

static void say(Fixture *f, const char *text)
{
    g_assert_cmpint(write(f->host, text, strlen(text)), ==, (int)strlen(text));
}

static gboolean has_reply(Fixture *f)
{
    char buffer[64] = "";

    return read(f->host, buffer, sizeof buffer - 1) > 0 && g_str_equal(buffer, "reply\n");
}

/* Nothing is left to do in the main loop: no descriptor that reports for ever. */
static void expect_rest(void)
{
    kit_run_ready();
    g_assert_false(g_main_context_pending(NULL));
}

static void test_dialogue(Fixture *f, gconstpointer kind)
{
    (void)kind;
    WAIT_UNTIL(g_str_equal(f->events->str, "o"));
    say(f, "{}");
    WAIT_UNTIL(has_reply(f));
    say(f, "{}");
    WAIT_UNTIL(has_reply(f));
    g_assert_cmpstr(f->events->str, ==, "off");
    expect_rest();
}

static void test_host_leaves(Fixture *f, gconstpointer kind)
{
    (void)kind;
    say(f, "{}{\"half");
    WAIT_UNTIL(has_reply(f));
    hang_up(f);
    WAIT_UNTIL(g_str_equal(f->events->str, "ofc"));
    expect_rest();
    g_assert_true(channel_is_open(f->channel));
}

/* Its last words come with the hang-up. */
static void test_last_words(Fixture *f, gconstpointer kind)
{
    (void)kind;
    WAIT_UNTIL(g_str_equal(f->events->str, "o"));
    say(f, "{}");
    hang_up(f);
    WAIT_UNTIL(g_str_equal(f->events->str, "ofc"));
    expect_rest();
}

/*
 * A host that came and left before we looked is, at first, taken for one that is
 * arriving, whose bytes can be there while hang-up is still reported.
 */
static void test_short_visit(Fixture *f, gconstpointer kind)
{
    (void)kind;
    say(f, "{}");
    hang_up(f);
    WAIT_UNTIL(g_str_equal(f->events->str, "of"));
    WAIT_UNTIL(g_str_equal(f->events->str, "ofc"));
    expect_rest();
}

/*
 * A host that was held back leaves: its dialogue ends, what it still asked is read as
 * that of a host that may be arriving, and nothing spins.
 */
static void test_leaves_while_held(Fixture *f, gconstpointer kind)
{
    (void)kind;
    f->hold = TRUE;
    WAIT_UNTIL(g_str_equal(f->events->str, "o"));
    say(f, "{}[]");
    WAIT_UNTIL(has_reply(f));
    say(f, "[]");
    hang_up(f);
    WAIT_UNTIL(g_str_equal(f->events->str, "ofcofc"));
    expect_rest();
}

static void test_line_lost(Fixture *f, gconstpointer kind)
{
    (void)kind;
    say(f, "{}");
    WAIT_UNTIL(has_reply(f));
    hang_up(f);
    WAIT_UNTIL(g_str_equal(f->events->str, "ofcW"));
    g_assert_false(channel_is_open(f->channel));
    g_assert_cmpuint(f->channel->reopen_timer, !=, 0);
}

static void test_free_in_dialogue(Fixture *f, gconstpointer kind)
{
    (void)kind;
    say(f, "{}");
    WAIT_UNTIL(has_reply(f));
    g_clear_pointer(&f->channel, channel_close);
    g_assert_cmpstr(f->events->str, ==, "ofc");
    expect_rest();
}

static void test_bad_descriptor(void)
{
    Channel channel = { .events = &events };

    /* A regular file cannot be watched. */
    g_assert_null(device_new(&channel, &port, memfd_create("file", 0)));
    g_assert_cmpint(errno, ==, EPERM);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    g_test_add("/device/dialogue", Fixture, &port, set_up, test_dialogue, tear_down);
    g_test_add("/device/host-leaves", Fixture, &port, set_up, test_host_leaves, tear_down);
    g_test_add("/device/last-words", Fixture, &port, set_up, test_last_words, tear_down);
    g_test_add("/device/short-visit", Fixture, &port, set_up, test_short_visit, tear_down);
    g_test_add("/device/leaves-while-held", Fixture, &port, set_up, test_leaves_while_held,
               tear_down);
    g_test_add("/device/line-lost", Fixture, &line, set_up, test_line_lost, tear_down);
    g_test_add("/device/free-in-dialogue", Fixture, &port, set_up, test_free_in_dialogue,
               tear_down);
    g_test_add_func("/device/bad-descriptor", test_bad_descriptor);
    return g_test_run();
}
