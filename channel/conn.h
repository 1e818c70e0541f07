/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "lib/framer.h"

/*
 * One dialogue with one host, from its first byte until it leaves: a framer for
 * what comes, a write queue for what goes. Whoever opened the descriptor watches
 * it and calls conn_receive() and conn_flush(); a Conn never waits and never
 * closes its descriptor.
 */
typedef struct Conn Conn;

/* With this much unsent, no further request is read from that host. */
#define CONN_CONGESTED_BYTES (1024 * 1024)

/* What a connection tells its user. All calls come from the main loop. */
typedef struct {
    /* Not before the host shows itself: its first byte, or conn_begin(). */
    void (*opened)(Conn *conn, gpointer data);
    /* Takes ownership of @frame->data. */
    void (*frame)(Conn *conn, Frame *frame, gpointer data);
    /* The queue has room again; not called from within conn_send(). */
    void (*drained)(Conn *conn, gpointer data);
    /* The last call for @conn, if it was opened: the host is gone. */
    void (*closed)(Conn *conn, gpointer data);
} ConnEvents;

typedef enum {
    CONN_BLOCKED, /* nothing more to read for now */
    CONN_MORE,    /* the share of one turn is used up: call again soon */
    CONN_END,     /* end of file */
    CONN_FAILED,  /* errno says why */
} ConnStatus;

/*
 * Begins a dialogue over the non-blocking descriptor @fd, which stays the
 * caller's. @name is for logs. @wants_io is called when there is something to
 * write or room to read again after the last turn left none.
 */
Conn *conn_new(int fd, const char *name, const ConnEvents *events, gpointer data);
void conn_set_wants_io(Conn *conn, void (*wants_io)(Conn *conn, gpointer data), gpointer data);

/* Ends the dialogue: events->closed, then what was queued is dropped. */
void conn_free(Conn *conn);

/* The host is there, though it has not said anything yet. */
void conn_begin(Conn *conn);
gboolean conn_begun(const Conn *conn);

/*
 * The port may still hold the beginning of a line for an earlier host: the
 * first write is preceded by a newline, so that ours is a line of its own.
 */
void conn_start_fresh_line(Conn *conn);

/* Reads what is there, within the share of one turn, and hands out its frames. */
ConnStatus conn_receive(Conn *conn);

/* How many bytes were read so far. */
guint64 conn_bytes_received(const Conn *conn);

/* Drops a half-received request: its sender is gone. */
void conn_forget_half_request(Conn *conn);

/*
 * Queues @text, which the connection then owns, and writes what the port takes.
 * A failed write is left for the read side to notice.
 */
void conn_send(Conn *conn, GString *text);

/* Writes as much of the queue as the port takes now. */
void conn_flush(Conn *conn);

/* Stops (or takes up again) reading, as long as requests wait to be worked on. */
void conn_hold(Conn *conn, gboolean hold);

/* Says whether replies are still to come, so that a half-closed host gets them. */
void conn_set_busy(Conn *conn, gboolean busy);
/* Neither replies to come nor output left. */
gboolean conn_finished(const Conn *conn);

gboolean conn_has_output(const Conn *conn);
/* How many bytes were written so far, and how many wait to be. */
guint64 conn_bytes_sent(const Conn *conn);
gsize conn_bytes_unsent(const Conn *conn);
gboolean conn_congested(const Conn *conn);
/* Whether the dialogue may read: it is neither held nor congested. */
gboolean conn_may_read(const Conn *conn);
/* Whether it ends, or ended, with a line of which only a part was written. */
gboolean conn_is_mid_line(const Conn *conn);

const char *conn_name(const Conn *conn);
void conn_set_user(Conn *conn, gpointer user);
gpointer conn_user(const Conn *conn);
