/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "channel/conn.h"

/*
 * The way hosts reach the agent: a device node or a listening socket. A channel that cannot be
 * opened, or whose device goes away, waits until it can be opened (again).
 */
typedef struct Channel Channel;

typedef struct {
    const char *method; /* as in the option of that name */
    const char *path;   /* device, socket, or "cid:port" */
    int listen_fd;      /* an inherited listening socket, or -1 */
    gboolean retry;     /* also wait if it cannot be opened at start */
    const char *peers;  /* vsock: comma separated CIDs, or "any" */
} ChannelConfig;

typedef enum {
    CHANNEL_WAITING, /* for its device or path */
    CHANNEL_OPEN,
} ChannelState;

typedef struct {
    ConnEvents conn;
    gpointer conn_data; /* what @conn is called with; NULL: the channel's @data */
    /* The state changed, also once from within channel_open(). */
    void (*state)(Channel *channel, ChannelState state, const GError *why, gpointer data);
} ChannelEvents;

/* The number of hosts that are served at once; further ones wait in the backlog. */
#define CHANNEL_MAX_CONNS 16

/*
 * Opens the channel that @config describes and serves it from the thread's
 * default main context. @config and @events must outlive the channel. Returns
 * NULL with @error set if the method is unknown or, without retry, if it
 * cannot be opened.
 */
Channel *channel_open(const ChannelConfig *config, const ChannelEvents *events, gpointer data,
                      GError **error);
void channel_close(Channel *channel);

gboolean channel_is_open(const Channel *channel);
const char *channel_method(const Channel *channel);

/* Whether @method is one that channel_open() knows. */
gboolean channel_method_known(const char *method);

/*
 * Opens what @config names without serving or changing it, to see whether that works. Returns FALSE
 * with @error set.
 */
gboolean channel_probe(const ChannelConfig *config, GError **error) G_GNUC_WARN_UNUSED_RESULT;
