/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "channel/listen.h"

static char *admit_anyone(const ChannelConfig *config, const struct sockaddr_storage *peer,
                          guint64 serial)
{
    (void)peer;
    return g_strdup_printf("%s#%" G_GUINT64_FORMAT, config->path ? config->path : "unix", serial);
}

static const ListenKind unix_socket = { .admit = admit_anyone };

/* Listens at @path in place of what was there; -1 with errno set on failure. */
static int listen_at(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };

    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    unlink(path);
    return listening_socket((struct sockaddr *)&address, sizeof address);
}

static void *unix_listen_open(Channel *channel, int *errnum, GError **error)
{
    const ChannelConfig *config = channel->config;
    int fd = config->listen_fd >= 0 ? config->listen_fd : listen_at(config->path);

    return listener_open(channel, &unix_socket, fd, errnum, error);
}

/* The socket itself is made at start; what must be there is its directory. */
static gboolean unix_listen_probe(const ChannelConfig *config, GError **error)
{
    g_autofree char *dir = NULL;

    if (config->listen_fd >= 0)
        return TRUE;
    dir = g_path_get_dirname(config->path);
    if (access(dir, W_OK | X_OK) == 0)
        return TRUE;
    channel_set_open_error(error, config->path, errno);
    return FALSE;
}

const ChannelOps unix_listen_ops = {
    .method = "unix-listen",
    .open = unix_listen_open,
    .close = listener_close,
    .probe = unix_listen_probe,
};
