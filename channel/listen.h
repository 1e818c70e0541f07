/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/socket.h>

#include "channel/channel-ops.h"

/* Serves the hosts that connect to a listening socket, each on its own Conn. */
typedef struct Listener Listener;

typedef struct {
    /* Returns a name for the peer, which the caller frees, or NULL to refuse the peer. */
    char *(*admit)(const ChannelConfig *config, const struct sockaddr_storage *peer,
                   guint64 serial);
} ListenKind;

/*
 * Creates a stream socket that listens at @address. It is blocking;
 * listener_open() makes it non-blocking. Returns -1 with errno set.
 */
int listening_socket(const struct sockaddr *address, socklen_t len);

/*
 * Serves the listening socket @fd; if that is -1, fails with errno. The last call of the kinds'
 * open functions.
 */
void *listener_open(Channel *channel, const ListenKind *kind, int fd, int *errnum, GError **error);
void listener_close(void *listener);
