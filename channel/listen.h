/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/socket.h>

#include "channel/channel-ops.h"

/* Serves the hosts that connect to a listening socket, each on its own Conn. */
typedef struct Listener Listener;

typedef struct {
    /* Returns a name for the peer, to be freed, or NULL to turn it away. */
    char *(*admit)(const ChannelConfig *config, const struct sockaddr_storage *peer,
                   guint64 serial);
} ListenKind;

/* Takes over @fd, which listens. */
Listener *listener_new(Channel *channel, const ListenKind *kind, int fd);
void listener_free(void *listener);
