/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/listen.h"

#include <errno.h>
#include <glib-unix.h>
#include <unistd.h>

#include "channel/fd-source.h"

/* How long accepting pauses when the process is out of descriptors. */
#define ACCEPT_PAUSE_MS 1000

struct Listener {
    Channel *channel;
    const ListenKind *kind;
    int fd;
    FdSource *source;
    guint pause_timer;
    GPtrArray *clients;
    guint64 serial;
};

typedef struct {
    Listener *listener;
    int fd;
    Conn *conn;
    FdSource *source;
    gboolean half_closed; /* the host has shut down its writing side, but still reads */
} Client;

static void watch_accept(Listener *listener)
{
    gboolean room = listener->clients->len < CHANNEL_MAX_CONNS && !listener->pause_timer;

    fd_source_watch(listener->source, room ? G_IO_IN : 0);
}

static void client_free(gpointer data)
{
    Client *client = data;

    fd_source_free(client->source);
    conn_free(client->conn);
    close(client->fd);
    g_free(client);
}

static void end_client(Client *client)
{
    Listener *listener = client->listener;

    g_ptr_array_remove_fast(listener->clients, client);
    watch_accept(listener);
}

/* A turn is due: something can be read, written, or ended now. */
static void on_wants_io(Conn *conn, gpointer data)
{
    Client *client = data;

    (void)conn;
    fd_source_wake(client->source);
}

static void watch_client(Client *client)
{
    gboolean reads = !client->half_closed && conn_may_read(client->conn);
    gboolean writes = conn_has_output(client->conn);

    /* A host whose input is not read may hang up meanwhile; its requests are still read. */
    if (!reads && !writes && !client->half_closed)
        fd_source_ignore(client->source);
    else
        fd_source_watch(client->source, (reads ? G_IO_IN : 0) | (writes ? G_IO_OUT : 0));
}

/* Whether nothing is left to read, and the host no longer reads. */
static gboolean is_over(const Client *client, GIOCondition condition)
{
    if (!client->half_closed)
        return FALSE;
    return (condition & (G_IO_HUP | G_IO_ERR)) || conn_finished(client->conn);
}

static void on_client_ready(GIOCondition condition, gpointer data)
{
    Client *client = data;
    ConnStatus status = CONN_BLOCKED;

    conn_flush(client->conn);
    if (!client->half_closed)
        status = conn_receive(client->conn);
    if (status == CONN_END)
        client->half_closed = TRUE;
    if (status == CONN_MORE)
        fd_source_wake(client->source);
    if (status == CONN_FAILED || is_over(client, condition))
        end_client(client);
    else
        watch_client(client);
}

static void begin_client(Listener *listener, int fd, const char *name)
{
    Client *client = g_new0(Client, 1);

    client->listener = listener;
    client->fd = fd;
    client->conn = channel_conn_new(listener->channel, fd, name);
    client->source = fd_source_new(fd, G_IO_IN, on_client_ready, client);
    conn_set_wants_io(client->conn, on_wants_io, client);
    g_ptr_array_add(listener->clients, client);
    conn_begin(client->conn);
}

static gboolean on_pause_over(gpointer data)
{
    Listener *listener = data;

    listener->pause_timer = 0;
    watch_accept(listener);
    return G_SOURCE_REMOVE;
}

static gboolean accept_one(Listener *listener)
{
    struct sockaddr_storage peer = { 0 };
    socklen_t len = sizeof peer;
    int fd = accept4(listener->fd, (struct sockaddr *)&peer, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    g_autofree char *name = NULL;

    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            listener->pause_timer = g_timeout_add(ACCEPT_PAUSE_MS, on_pause_over, listener);
        return FALSE;
    }
    name = listener->kind->admit(listener->channel->config, &peer, ++listener->serial);
    if (name)
        begin_client(listener, fd, name);
    else
        close(fd);
    return TRUE;
}

static void on_acceptable(GIOCondition condition, gpointer data)
{
    Listener *listener = data;

    (void)condition;
    while (listener->clients->len < CHANNEL_MAX_CONNS && accept_one(listener))
        ;
    watch_accept(listener);
}

int listening_socket(const struct sockaddr *address, socklen_t len)
{
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int saved;

    if (fd < 0)
        return -1;
    if (bind(fd, address, len) == 0 && listen(fd, CHANNEL_MAX_CONNS) == 0)
        return fd;
    saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

void *listener_open(Channel *channel, const ListenKind *kind, int fd, int *errnum, GError **error)
{
    Listener *listener;

    if (fd < 0) {
        *errnum = errno;
        channel_set_open_error(error, channel->config->path, *errnum);
        return NULL;
    }
    listener = g_new0(Listener, 1);
    listener->channel = channel;
    listener->kind = kind;
    listener->fd = fd;
    listener->clients = g_ptr_array_new_with_free_func(client_free);
    g_unix_set_fd_nonblocking(fd, TRUE, NULL);
    listener->source = fd_source_new(fd, G_IO_IN, on_acceptable, listener);
    return listener;
}

void listener_close(void *data)
{
    Listener *listener = data;

    g_clear_handle_id(&listener->pause_timer, g_source_remove);
    g_ptr_array_unref(listener->clients);
    fd_source_free(listener->source);
    close(listener->fd);
    g_free(listener);
}
