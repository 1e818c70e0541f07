/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/device.h"

#include <errno.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "channel/fd-source.h"

/*
 * The first bytes of a host that comes can be readable while the port still
 * reports hang-up, which ends a moment later. If it does not end within this
 * time, the host has left again before we looked.
 */
#define ARRIVAL_GRACE_MS 2000

typedef enum {
    HOST_AWAY,
    HOST_ARRIVING, /* its bytes are here, or another's last ones; hang-up is still reported */
    HOST_PRESENT,
} HostState;

struct Device {
    Channel *channel;
    const DeviceKind *kind;
    int fd;
    int epoll_fd;
    FdSource *source;
    guint grace_timer;
    HostState host;
    gboolean hung_up;  /* as of the last event */
    gboolean cut_line; /* the last host disconnected with half a line in the port */
    Conn *conn;
};

static void on_wants_io(Conn *conn, gpointer data)
{
    Device *device = data;

    (void)conn;
    fd_source_wake(device->source);
}

static void begin_conn(Device *device)
{
    device->conn = channel_conn_new(device->channel, device->fd, device->channel->config->path);
    conn_set_wants_io(device->conn, on_wants_io, device);
    if (device->cut_line)
        conn_start_fresh_line(device->conn);
    device->cut_line = FALSE;
}

static void end_conn(Device *device)
{
    g_clear_handle_id(&device->grace_timer, g_source_remove);
    device->host = HOST_AWAY;
    if (!device->conn)
        return;
    device->cut_line = conn_is_mid_line(device->conn);
    g_clear_pointer(&device->conn, conn_free);
}

static gboolean on_grace_over(gpointer data)
{
    Device *device = data;

    device->grace_timer = 0;
    end_conn(device);
    return G_SOURCE_REMOVE;
}

static void host_present(Device *device)
{
    g_clear_handle_id(&device->grace_timer, g_source_remove);
    device->host = HOST_PRESENT;
    if (!device->conn)
        begin_conn(device);
    conn_begin(device->conn);
}

static void await_arrival(Device *device)
{
    device->host = HOST_ARRIVING;
    device->grace_timer = g_timeout_add(ARRIVAL_GRACE_MS, on_grace_over, device);
}

/*
 * Handles end of file while the device is open; returns FALSE if the device is gone. Bytes of the
 * same turn (@had_bytes) may be the last of a host that disconnected or the first of the next one:
 * their requests run, and the reply waits a moment for a host to read it.
 */
static gboolean host_eof(Device *device, gboolean had_bytes)
{
    if (!device->kind->eof_is_host_away)
        return FALSE;
    if (device->host == HOST_ARRIVING)
        return TRUE;
    if (had_bytes) {
        /* A partial request is the old host's: a new host starts with a sync. */
        if (device->host == HOST_PRESENT)
            conn_forget_half_request(device->conn);
        await_arrival(device);
    } else if (device->host == HOST_PRESENT) {
        end_conn(device);
    }
    return TRUE;
}

/* Whether the host has disconnected, though unread bytes of it may be left. */
static gboolean host_left(const Device *device)
{
    return device->kind->eof_is_host_away && device->hung_up && device->host == HOST_PRESENT;
}

/*
 * The host disconnected while reading was stopped or replies waited for it, so end of file would
 * never be read. Its last bytes cannot be distinguished from the next host's first ones; both are
 * read from a new start, and a host that sends a sync is safe.
 */
static void forget_host(Device *device)
{
    end_conn(device);
    begin_conn(device);
    await_arrival(device);
}

/* Reads and writes as much as possible; returns FALSE with errno set if the device is gone. */
static gboolean serve(Device *device)
{
    guint64 before;

    if (!device->conn)
        begin_conn(device);
    if (host_left(device) && !conn_may_read(device->conn))
        forget_host(device);
    conn_flush(device->conn);
    before = conn_bytes_received(device->conn);
    switch (conn_receive(device->conn)) {
    case CONN_MORE:
        fd_source_wake(device->source);
        return TRUE;
    case CONN_END:
        errno = 0;
        return host_eof(device, conn_bytes_received(device->conn) > before);
    case CONN_FAILED:
        return FALSE;
    case CONN_BLOCKED:
        break;
    }
    return TRUE;
}

static void on_ready(GIOCondition condition, gpointer data)
{
    Device *device = data;
    struct epoll_event event;

    (void)condition;
    if (epoll_wait(device->epoll_fd, &event, 1, 0) == 1)
        device->hung_up = (event.events & EPOLLHUP) != 0;
    if (!device->hung_up && device->host != HOST_PRESENT)
        host_present(device);
    if (!serve(device))
        channel_lost(device->channel, errno);
}

Device *device_new(Channel *channel, const DeviceKind *kind, int fd)
{
    struct epoll_event event = { .events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET };
    Device *device;
    int epoll_fd = epoll_create1(EPOLL_CLOEXEC);

    if (epoll_fd < 0 || epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0) {
        int saved = errno;

        if (epoll_fd >= 0)
            close(epoll_fd);
        close(fd);
        errno = saved;
        return NULL;
    }
    device = g_new0(Device, 1);
    device->channel = channel;
    device->kind = kind;
    device->fd = fd;
    device->epoll_fd = epoll_fd;
    device->hung_up = TRUE;
    device->source = fd_source_new(epoll_fd, G_IO_IN, on_ready, device);
    return device;
}

void device_free(Device *device)
{
    end_conn(device);
    fd_source_free(device->source);
    close(device->epoll_fd);
    close(device->fd);
    g_free(device);
}
