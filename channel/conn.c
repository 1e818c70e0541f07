/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/conn.h"

#include <errno.h>
#include <unistd.h>

/* One read(2); QEMU hands a virtio port at most 4 KiB at once, a socket more. */
#define READ_SIZE (64 * 1024)
/* What one connection may read, or write, in its turn before others get theirs. */
#define TURN_BYTES (1024 * 1024)
/* The size of one write(2): with a host that reads meanwhile, a larger one could take megabytes. */
#define WRITE_SIZE (256 * 1024)

typedef struct {
    GString *text;
    gsize written;
} Pending;

struct Conn {
    int fd;
    char *name;
    const ConnEvents *events;
    gpointer data;
    void (*wants_io)(Conn *conn, gpointer data);
    gpointer wants_io_data;
    gpointer user;
    Framer *framer;
    char *input;
    gsize input_len; /* bytes read but not yet framed */
    gsize input_pos;
    guint64 received;
    GQueue output; /* of Pending */
    gsize output_bytes;
    guint64 sent;
    gboolean begun;
    gboolean held;
    gboolean busy;
    gboolean broken;     /* a write failed: nothing more is written */
    gboolean mid_line;   /* the last write ended within a line */
    gboolean fresh_line; /* a newline is due before the next write */
};

Conn *conn_new(int fd, const char *name, const ConnEvents *events, gpointer data)
{
    Conn *conn = g_new0(Conn, 1);

    conn->fd = fd;
    conn->name = g_strdup(name);
    conn->events = events;
    conn->data = data;
    conn->framer = framer_new();
    conn->input = g_malloc(READ_SIZE);
    g_queue_init(&conn->output);
    return conn;
}

void conn_set_wants_io(Conn *conn, void (*wants_io)(Conn *conn, gpointer data), gpointer data)
{
    conn->wants_io = wants_io;
    conn->wants_io_data = data;
}

static void pending_free(gpointer data)
{
    Pending *pending = data;

    g_string_free(pending->text, TRUE);
    g_free(pending);
}

void conn_free(Conn *conn)
{
    if (!conn)
        return;
    if (conn->begun)
        conn->events->closed(conn, conn->data);
    g_queue_clear_full(&conn->output, pending_free);
    framer_free(conn->framer);
    g_free(conn->input);
    g_free(conn->name);
    g_free(conn);
}

void conn_begin(Conn *conn)
{
    if (conn->begun)
        return;
    conn->begun = TRUE;
    conn->events->opened(conn, conn->data);
}

gboolean conn_begun(const Conn *conn)
{
    return conn->begun;
}

void conn_start_fresh_line(Conn *conn)
{
    conn->fresh_line = TRUE;
}

static void ask_for_io(Conn *conn)
{
    if (conn->wants_io)
        conn->wants_io(conn, conn->wants_io_data);
}

void conn_set_busy(Conn *conn, gboolean busy)
{
    if (conn->busy == busy)
        return;
    conn->busy = busy;
    if (!busy)
        ask_for_io(conn);
}

gboolean conn_finished(const Conn *conn)
{
    return !conn->busy && conn->output.length == 0;
}

gboolean conn_has_output(const Conn *conn)
{
    return conn->output.length > 0;
}

guint64 conn_bytes_sent(const Conn *conn)
{
    return conn->sent;
}

gsize conn_bytes_unsent(const Conn *conn)
{
    return conn->output_bytes;
}

gboolean conn_congested(const Conn *conn)
{
    return conn->output_bytes > CONN_CONGESTED_BYTES;
}

gboolean conn_may_read(const Conn *conn)
{
    return !conn->held && !conn_congested(conn);
}

gboolean conn_is_mid_line(const Conn *conn)
{
    return conn->mid_line;
}

const char *conn_name(const Conn *conn)
{
    return conn->name;
}

void conn_set_user(Conn *conn, gpointer user)
{
    conn->user = user;
}

gpointer conn_user(const Conn *conn)
{
    return conn->user;
}

/* Frames what was read, as long as the dialogue may go on. */
static void hand_out_frames(Conn *conn)
{
    while (conn->input_pos < conn->input_len && conn_may_read(conn)) {
        Frame frame;

        conn->input_pos += framer_push(conn->framer, conn->input + conn->input_pos,
                                       conn->input_len - conn->input_pos, &frame);
        if (frame.kind != FRAME_NONE)
            conn->events->frame(conn, &frame, conn->data);
    }
    if (conn->input_pos < conn->input_len)
        return;
    /* It may have held a password, and the memory may not be reused for days. */
    explicit_bzero(conn->input, conn->input_len);
    conn->input_pos = conn->input_len = 0;
}

ConnStatus conn_receive(Conn *conn)
{
    gsize turn = 0;

    while (turn < TURN_BYTES) {
        ssize_t n;

        hand_out_frames(conn);
        if (!conn_may_read(conn))
            return CONN_BLOCKED;
        n = read(conn->fd, conn->input, READ_SIZE);
        if (n == 0)
            return CONN_END;
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno == EAGAIN ? CONN_BLOCKED : CONN_FAILED;
        conn_begin(conn);
        conn->input_pos = 0;
        conn->input_len = (gsize)n;
        conn->received += (gsize)n;
        turn += (gsize)n;
    }
    hand_out_frames(conn);
    return CONN_MORE;
}

guint64 conn_bytes_received(const Conn *conn)
{
    return conn->received;
}

void conn_forget_half_request(Conn *conn)
{
    framer_reset(conn->framer);
}

/* The host is gone; the next read reports it. */
static void give_up_writing(Conn *conn)
{
    conn->broken = TRUE;
    conn->output_bytes = 0;
    g_queue_clear_full(&conn->output, pending_free);
}

/* One write(2); returns FALSE when the port takes nothing more now. */
static gboolean write_some(Conn *conn, const char *text, gsize len, gsize *written)
{
    ssize_t n;

    do
        n = write(conn->fd, text, len);
    while (n < 0 && errno == EINTR);
    *written = n > 0 ? (gsize)n : 0;
    if (n < 0 && errno != EAGAIN)
        give_up_writing(conn);
    return n > 0;
}

static void write_queue(Conn *conn)
{
    gsize turn = 0;
    Pending *pending;
    gsize n;

    if (conn->fresh_line && conn->output.length > 0) {
        if (!write_some(conn, "\n", 1, &n))
            return;
        conn->fresh_line = FALSE;
    }
    while ((pending = g_queue_peek_head(&conn->output))) {
        gsize left = pending->text->len - pending->written;

        if (turn >= TURN_BYTES) {
            ask_for_io(conn);
            return;
        }
        if (!write_some(conn, pending->text->str + pending->written, MIN(left, WRITE_SIZE), &n))
            return;
        turn += n;
        pending->written += n;
        conn->output_bytes -= n;
        conn->sent += n;
        conn->mid_line = n < left;
        if (n == left)
            pending_free(g_queue_pop_head(&conn->output));
    }
}

void conn_flush(Conn *conn)
{
    gboolean was_congested = conn_congested(conn);

    write_queue(conn);
    if (was_congested && !conn_congested(conn))
        conn->events->drained(conn, conn->data);
}

void conn_send(Conn *conn, GString *text)
{
    Pending *pending;

    if (conn->broken) {
        g_string_free(text, TRUE);
        return;
    }
    pending = g_new(Pending, 1);
    *pending = (Pending){ .text = text };
    g_queue_push_tail(&conn->output, pending);
    conn->output_bytes += text->len;
    if (conn->output.length == 1)
        write_queue(conn);
    if (conn_has_output(conn))
        ask_for_io(conn);
}

void conn_hold(Conn *conn, gboolean hold)
{
    if (conn->held == hold)
        return;
    conn->held = hold;
    if (!hold)
        ask_for_io(conn);
}
