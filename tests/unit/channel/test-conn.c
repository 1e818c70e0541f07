/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel/conn.h"
#include "tests/unit/kit/kit.h"

/* One end of a dialogue by hand: what it reads, queues, writes and tells. */

typedef struct {
    int host;
    int fd;
    Conn *conn;
    GString *events; /* a letter for each */
    GString *frames; /* one a line */
    guint wanted_io;
} Fixture;

static void on_opened(Conn *conn, gpointer data)
{
    (void)conn;
    g_string_append_c(((Fixture *)data)->events, 'o');
}

static void on_frame(Conn *conn, Frame *frame, gpointer data)
{
    Fixture *f = data;

    (void)conn;
    g_string_append_c(f->events, frame->kind == FRAME_MESSAGE ? 'm' : 'e');
    g_string_append_printf(f->frames, "%s\n", frame->data);
    g_free(frame->data);
}

static void on_drained(Conn *conn, gpointer data)
{
    (void)conn;
    g_string_append_c(((Fixture *)data)->events, 'd');
}

static void on_closed(Conn *conn, gpointer data)
{
    (void)conn;
    g_string_append_c(((Fixture *)data)->events, 'c');
}

static void on_wants_io(Conn *conn, gpointer data)
{
    (void)conn;
    ((Fixture *)data)->wanted_io++;
}

static const ConnEvents events = { on_opened, on_frame, on_drained, on_closed };

static void set_up(Fixture *f, gconstpointer data)
{
    int fds[2];

    (void)data;
    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), ==, 0);
    f->host = fds[0];
    f->fd = fds[1];
    f->events = g_string_new(NULL);
    f->frames = g_string_new(NULL);
    f->conn = conn_new(f->fd, "name", &events, f);
    conn_set_wants_io(f->conn, on_wants_io, f);
}

static void tear_down(Fixture *f, gconstpointer data)
{
    (void)data;
    conn_free(f->conn);
    if (f->host >= 0)
        close(f->host);
    close(f->fd);
    g_string_free(f->events, TRUE);
    g_string_free(f->frames, TRUE);
}

static void say(Fixture *f, const char *text)
{
    g_assert_cmpint(write(f->host, text, strlen(text)), ==, (int)strlen(text));
}

/* Reads all that has arrived at the host. */
static GString *hear(Fixture *f)
{
    GString *heard = g_string_new(NULL);
    char buffer[65536];
    ssize_t n;

    while ((n = read(f->host, buffer, sizeof buffer)) > 0)
        g_string_append_len(heard, buffer, n);
    return heard;
}

static void expect_heard(Fixture *f, const char *wanted)
{
    g_autoptr(GString) heard = hear(f);

    g_assert_cmpstr(heard->str, ==, wanted);
}

static GString *line_of(gsize len, char c)
{
    GString *line = g_string_sized_new(len);

    g_string_set_size(line, len);
    memset(line->str, c, len);
    line->str[len - 1] = '\n';
    return line;
}

static void test_receive(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->events->str, ==, "");
    g_assert_false(conn_begun(f->conn));
    say(f, "{\"a\"");
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->events->str, ==, "o");
    say(f, ":1} A\n[]tr");
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->frames->str, ==, "{\"a\":1}\nJSON parse error, stray 'A'\n[]\n");
    shutdown(f->host, SHUT_WR);
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_END);
    g_assert_cmpstr(f->events->str, ==, "omem");
    g_clear_pointer(&f->conn, conn_free);
    g_assert_cmpstr(f->events->str, ==, "omemc");
}

static void test_begin(Fixture *f, gconstpointer data)
{
    (void)data;
    conn_begin(f->conn);
    conn_begin(f->conn);
    g_assert_cmpstr(f->events->str, ==, "o");
    g_assert_cmpstr(conn_name(f->conn), ==, "name");
    conn_set_user(f->conn, f);
    g_assert_true(conn_user(f->conn) == f);
}

/* A host that never said anything is not told of at all. */
static void test_never_begun(Fixture *f, gconstpointer data)
{
    (void)data;
    g_clear_pointer(&f->conn, conn_free);
    g_assert_cmpstr(f->events->str, ==, "");
}

static void test_reset_by_host(Fixture *f, gconstpointer data)
{
    (void)data;
    conn_send(f->conn, g_string_new("unread\n"));
    close(f->host);
    f->host = -1;
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_FAILED);
    g_assert_cmpint(errno, ==, ECONNRESET);
}

static void test_send(Fixture *f, gconstpointer data)
{
    (void)data;
    g_assert_true(conn_finished(f->conn));
    conn_send(f->conn, g_string_new("one\n"));
    conn_send(f->conn, g_string_new("two\n"));
    g_assert_false(conn_has_output(f->conn));
    g_assert_cmpuint(f->wanted_io, ==, 0);
    expect_heard(f, "one\ntwo\n");
}

static void test_fresh_line(Fixture *f, gconstpointer data)
{
    (void)data;
    conn_start_fresh_line(f->conn);
    conn_flush(f->conn);
    expect_heard(f, "");
    conn_send(f->conn, g_string_new("one\n"));
    conn_send(f->conn, g_string_new("two\n"));
    expect_heard(f, "\none\ntwo\n");
}

/* Flushes and reads until all of @total bytes are there. */
static void pump(Fixture *f, gsize total)
{
    gsize heard = 0;

    while (heard < total) {
        g_autoptr(GString) more = hear(f);

        heard += more->len;
        conn_flush(f->conn);
    }
    g_assert_cmpuint(heard, ==, total);
}

static void test_full_socket(Fixture *f, gconstpointer data)
{
    const gsize len = 700 * 1024;
    g_autoptr(GString) heard = g_string_new(NULL);

    (void)data;
    conn_send(f->conn, line_of(len, 'a'));
    g_assert_true(conn_has_output(f->conn));
    g_assert_true(conn_is_mid_line(f->conn));
    g_assert_false(conn_finished(f->conn));
    g_assert_cmpuint(f->wanted_io, ==, 1);
    g_assert_true(conn_may_read(f->conn));
    conn_send(f->conn, g_string_new("second\n"));
    while (heard->len < len + 7) {
        g_autoptr(GString) more = hear(f);

        g_string_append_len(heard, more->str, (gssize)more->len);
        conn_flush(f->conn);
    }
    g_assert_cmpstr(heard->str + len - 2, ==, "a\nsecond\n");
    g_assert_true(conn_finished(f->conn));
    g_assert_false(conn_is_mid_line(f->conn));
}

static void test_congestion(Fixture *f, gconstpointer data)
{
    const gsize len = CONN_CONGESTED_BYTES;

    (void)data;
    conn_begin(f->conn);
    conn_send(f->conn, line_of(len, 'a'));
    conn_send(f->conn, line_of(len, 'b'));
    g_assert_true(conn_congested(f->conn));
    g_assert_false(conn_may_read(f->conn));
    /* What the host asks meanwhile is not even read. */
    say(f, "{}");
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->events->str, ==, "o");
    pump(f, 2 * len);
    g_assert_false(conn_congested(f->conn));
    g_assert_cmpstr(f->events->str, ==, "od");
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->events->str, ==, "odm");
}

static void test_broken_pipe(Fixture *f, gconstpointer data)
{
    (void)data;
    conn_send(f->conn, line_of(700 * 1024, 'a'));
    conn_send(f->conn, g_string_new("more\n"));
    close(f->host);
    f->host = -1;
    conn_flush(f->conn);
    g_assert_false(conn_has_output(f->conn));
    g_assert_false(conn_congested(f->conn));
    conn_send(f->conn, g_string_new("dropped\n"));
    g_assert_false(conn_has_output(f->conn));
    g_assert_true(conn_is_mid_line(f->conn));
}

/* A congested host that goes away makes room, too. */
static void test_broken_while_congested(Fixture *f, gconstpointer data)
{
    (void)data;
    conn_send(f->conn, line_of(2 * CONN_CONGESTED_BYTES, 'a'));
    g_assert_true(conn_congested(f->conn));
    close(f->host);
    f->host = -1;
    conn_flush(f->conn);
    g_assert_cmpstr(f->events->str, ==, "d");
}

static void test_hold(Fixture *f, gconstpointer data)
{
    (void)data;
    conn_hold(f->conn, TRUE);
    g_assert_false(conn_may_read(f->conn));
    say(f, "{}[]");
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->events->str, ==, "");
    conn_hold(f->conn, FALSE);
    g_assert_cmpuint(f->wanted_io, ==, 1);
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->frames->str, ==, "{}\n[]\n");
}

static void on_frame_hold(Conn *conn, Frame *frame, gpointer data)
{
    on_frame(conn, frame, data);
    conn_hold(conn, TRUE);
}

/* Frames that were read already wait, too. */
static void test_hold_between_frames(Fixture *f, gconstpointer data)
{
    static const ConnEvents holding = { on_opened, on_frame_hold, on_drained, on_closed };

    (void)data;
    conn_free(f->conn);
    f->conn = conn_new(f->fd, "name", &holding, f);
    say(f, "{}[]1 ");
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->frames->str, ==, "{}\n");
    conn_hold(f->conn, FALSE);
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->frames->str, ==, "{}\n[]\n");
    conn_hold(f->conn, FALSE);
    g_assert_cmpint(conn_receive(f->conn), ==, CONN_BLOCKED);
    g_assert_cmpstr(f->frames->str, ==, "{}\n[]\n1\n");
}

static void test_busy(Fixture *f, gconstpointer data)
{
    (void)data;
    conn_set_busy(f->conn, TRUE);
    g_assert_false(conn_finished(f->conn));
    conn_set_busy(f->conn, FALSE);
    g_assert_cmpuint(f->wanted_io, ==, 1);
    g_assert_true(conn_finished(f->conn));
}

/* A host that never stops talking gets its share of a turn and no more. */
static void test_turn(Fixture *f, gconstpointer data)
{
    const gsize size = 2 * 1024 * 1024;
    g_autofree char *blanks = g_strnfill(size, ' ');
    int fd = memfd_create("stream", MFD_CLOEXEC);
    Conn *conn = conn_new(fd, "stream", &events, f);

    (void)data;
    g_assert_cmpint(write(fd, blanks, size), ==, (int)size);
    g_assert_cmpint(lseek(fd, 0, SEEK_SET), ==, 0);
    g_assert_cmpint(conn_receive(conn), ==, CONN_MORE);
    g_assert_cmpint(lseek(fd, 0, SEEK_CUR), ==, (int)size / 2);
    g_assert_cmpint(conn_receive(conn), ==, CONN_MORE);
    g_assert_cmpint(conn_receive(conn), ==, CONN_END);
    conn_free(conn);
    close(fd);
}

/* A host that takes all that comes gets it in turns all the same; a file is such a host. */
static void test_write_turn(Fixture *f, gconstpointer data)
{
    int file = memfd_create("host", MFD_CLOEXEC);
    Conn *conn = conn_new(file, "file", &events, f);
    const gsize mib = 1024 * 1024;
    g_autofree char *text = g_strnfill(5 * mib / 2, 'x');

    (void)data;
    conn_set_wants_io(conn, on_wants_io, f);
    conn_send(conn, g_string_new(text));
    g_assert_cmpint(lseek(file, 0, SEEK_CUR), ==, mib);
    g_assert_cmpuint(f->wanted_io, >, 0);
    f->wanted_io = 0;
    conn_flush(conn);
    g_assert_cmpint(lseek(file, 0, SEEK_CUR), ==, 2 * mib);
    g_assert_true(conn_is_mid_line(conn));
    g_assert_cmpuint(f->wanted_io, >, 0);
    f->wanted_io = 0;
    conn_flush(conn);
    g_assert_cmpint(lseek(file, 0, SEEK_CUR), ==, 5 * mib / 2);
    g_assert_false(conn_has_output(conn) || conn_is_mid_line(conn));
    g_assert_cmpuint(f->wanted_io, ==, 0);
    conn_free(conn);
    close(file);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/conn/receive", test_receive },
        { "/conn/begin", test_begin },
        { "/conn/never-begun", test_never_begun },
        { "/conn/reset-by-host", test_reset_by_host },
        { "/conn/send", test_send },
        { "/conn/fresh-line", test_fresh_line },
        { "/conn/full-socket", test_full_socket },
        { "/conn/congestion", test_congestion },
        { "/conn/broken-pipe", test_broken_pipe },
        { "/conn/broken-while-congested", test_broken_while_congested },
        { "/conn/hold", test_hold },
        { "/conn/hold-between-frames", test_hold_between_frames },
        { "/conn/busy", test_busy },
        { "/conn/turn", test_turn },
        { "/conn/write-turn", test_write_turn },
    };

    g_test_init(&argc, &argv, NULL);
    signal(SIGPIPE, SIG_IGN);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, set_up, tests[i].func, tear_down);
    return g_test_run();
}
