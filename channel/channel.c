/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/channel.h"

#include <errno.h>

#include "channel/channel-ops.h"
#include "channel/path-watch.h"

/* A device that hangs up right after it was opened is not reopened in a tight loop. */
#define REOPEN_PAUSE_US G_USEC_PER_SEC

static const ChannelOps *const all_ops[] = {
    &virtio_serial_ops,
    &isa_serial_ops,
    &unix_listen_ops,
    &vsock_listen_ops,
};

static const ChannelOps *find_ops(const char *method)
{
    for (gsize i = 0; i < G_N_ELEMENTS(all_ops); i++)
        if (g_str_equal(all_ops[i]->method, method))
            return all_ops[i];
    return NULL;
}

gboolean channel_method_known(const char *method)
{
    return find_ops(method) != NULL;
}

void channel_set_open_error(GError **error, const char *path, int errnum)
{
    g_set_error(error, G_FILE_ERROR, (gint)g_file_error_from_errno(errnum),
                "error opening channel '%s': %s", path, g_strerror(errnum));
}

static gboolean try_open(Channel *channel, int *errnum, GError **error)
{
    channel->impl = channel->ops->open(channel, errnum, error);
    if (!channel->impl)
        return FALSE;
    channel->opened_at = g_get_monotonic_time();
    g_clear_pointer(&channel->watch, path_watch_free);
    channel->events->state(channel, CHANNEL_OPEN, NULL, channel->data);
    return TRUE;
}

static void on_path_changed(gpointer data)
{
    Channel *channel = data;
    int errnum = 0;

    if (!try_open(channel, &errnum, NULL) && errnum == EBUSY)
        path_watch_closes(channel->watch);
}

static void wait_for_path(Channel *channel, const GError *why)
{
    const char *path =
        channel->ops->awaited_path ? channel->ops->awaited_path : channel->config->path;
    int errnum = 0;

    channel->events->state(channel, CHANNEL_WAITING, why, channel->data);
    channel->watch = path_watch_new(path, on_path_changed, channel);
    /* The device may have appeared before the watch was set. */
    if (try_open(channel, &errnum, NULL) || errnum != EBUSY)
        return;
    path_watch_closes(channel->watch);
    try_open(channel, &errnum, NULL);
}

static gboolean on_reopen_timer(gpointer data)
{
    Channel *channel = data;

    channel->reopen_timer = 0;
    wait_for_path(channel, NULL);
    return G_SOURCE_REMOVE;
}

void channel_lost(Channel *channel, int errnum)
{
    gint64 age = g_get_monotonic_time() - channel->opened_at;
    g_autoptr(GError) why = NULL;

    channel->ops->close(g_steal_pointer(&channel->impl));
    g_set_error(&why, G_FILE_ERROR, (gint)g_file_error_from_errno(errnum), "%s: %s",
                channel->config->path, errnum ? g_strerror(errnum) : "hang-up");
    if (age >= REOPEN_PAUSE_US) {
        wait_for_path(channel, why);
        return;
    }
    channel->events->state(channel, CHANNEL_WAITING, why, channel->data);
    channel->reopen_timer =
        g_timeout_add((guint)((REOPEN_PAUSE_US - age) / 1000), on_reopen_timer, channel);
}

Conn *channel_conn_new(const Channel *channel, int fd, const char *name)
{
    const ChannelEvents *events = channel->events;

    return conn_new(fd, name, &events->conn, events->conn_data ? events->conn_data : channel->data);
}

Channel *channel_open(const ChannelConfig *config, const ChannelEvents *events, gpointer data,
                      GError **error)
{
    const ChannelOps *ops = find_ops(config->method);
    g_autoptr(GError) why = NULL;
    Channel *channel;
    int errnum = 0;

    if (!ops) {
        g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "unsupported channel method/type: %s",
                    config->method);
        return NULL;
    }
    channel = g_new0(Channel, 1);
    channel->ops = ops;
    channel->config = config;
    channel->events = events;
    channel->data = data;
    if (try_open(channel, &errnum, &why))
        return channel;
    if (!config->retry) {
        g_propagate_error(error, g_steal_pointer(&why));
        g_free(channel);
        return NULL;
    }
    wait_for_path(channel, why);
    return channel;
}

void channel_close(Channel *channel)
{
    if (!channel)
        return;
    if (channel->impl)
        channel->ops->close(channel->impl);
    path_watch_free(channel->watch);
    if (channel->reopen_timer)
        g_source_remove(channel->reopen_timer);
    g_free(channel);
}

gboolean channel_is_open(const Channel *channel)
{
    return channel->impl != NULL;
}

const char *channel_method(const Channel *channel)
{
    return channel->ops->method;
}

gboolean channel_probe(const ChannelConfig *config, GError **error)
{
    const ChannelOps *ops = find_ops(config->method);

    if (ops)
        return ops->probe(config, error);
    g_set_error(error, G_FILE_ERROR, G_FILE_ERROR_INVAL, "unsupported channel method/type: %s",
                config->method);
    return FALSE;
}
