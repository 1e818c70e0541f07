/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel.h"

/* The interface between the channel and its kinds. */

typedef struct {
    const char *method;
    /*
     * Opens and starts to serve. Returns the kind's own state, or NULL with
     * @error in the G_FILE_ERROR domain and errno in @errnum.
     */
    void *(*open)(Channel *channel, int *errnum, GError **error);
    void (*close)(void *impl);
    gboolean (*probe)(const ChannelConfig *config, GError **error);
    /* What to watch while it cannot be opened; NULL: the configured path. */
    const char *awaited_path;
} ChannelOps;

extern const ChannelOps virtio_serial_ops;
extern const ChannelOps isa_serial_ops;
extern const ChannelOps unix_listen_ops;
extern const ChannelOps vsock_listen_ops;

struct Channel {
    const ChannelOps *ops;
    const ChannelConfig *config;
    const ChannelEvents *events;
    gpointer data;
    void *impl; /* NULL while waiting */
    struct PathWatch *watch;
    gint64 opened_at; /* monotonic microseconds */
    guint reopen_timer;
};

/*
 * The device is gone: closes it and waits for its return. The kind's state is
 * freed from within; the caller must not touch it afterwards.
 */
void channel_lost(Channel *channel, int errnum);

/* Starts a dialogue with a host over @fd, with the channel's events; see conn_new(). */
Conn *channel_conn_new(const Channel *channel, int fd, const char *name);

/* Sets @error to the text that qemu-ga prints for a channel that does not open. */
void channel_set_open_error(GError **error, const char *path, int errnum);
