/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <linux/vm_sockets.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "channel/listen.h"

/* Whether the comma separated list @peers names @cid. */
static gboolean list_names_cid(const char *peers, guint cid)
{
    g_auto(GStrv) words = g_strsplit(peers, ",", -1);

    for (char **word = words; *word; word++) {
        guint64 listed;

        if (g_str_equal(g_strstrip(*word), "any"))
            return TRUE;
        if (g_ascii_string_to_unsigned(*word, 10, 0, G_MAXUINT32, &listed, NULL) && listed == cid)
            return TRUE;
    }
    return FALSE;
}

/* By default the host alone (CID 2): any process of the guest can reach a vsock. */
static char *admit_listed(const ChannelConfig *config, const struct sockaddr_storage *peer,
                          guint64 serial)
{
    const struct sockaddr_vm *address = (const struct sockaddr_vm *)peer;

    if (!list_names_cid(config->peers, address->svm_cid)) {
        g_warning("vsock: connection from CID %u refused; see vsock-peers", address->svm_cid);
        return NULL;
    }
    return g_strdup_printf("vsock:%u:%u#%" G_GUINT64_FORMAT, address->svm_cid, address->svm_port,
                           serial);
}

static const ListenKind vsock_socket = { .admit = admit_listed };

/* Parses "cid:port", both decimal and below 2^32. */
static gboolean parse_address(const char *path, struct sockaddr_vm *address)
{
    g_auto(GStrv) words = g_strsplit(path, ":", 3);
    guint64 cid, port;

    if (g_strv_length(words) != 2 ||
        !g_ascii_string_to_unsigned(words[0], 10, 0, G_MAXUINT32, &cid, NULL) ||
        !g_ascii_string_to_unsigned(words[1], 10, 0, G_MAXUINT32, &port, NULL))
        return FALSE;
    *address = (struct sockaddr_vm){
        .svm_family = AF_VSOCK,
        .svm_cid = (guint)cid,
        .svm_port = (guint)port,
    };
    return TRUE;
}

static int listen_at(const char *path)
{
    struct sockaddr_vm address;

    if (parse_address(path, &address))
        return listening_socket((struct sockaddr *)&address, sizeof address);
    errno = EINVAL;
    return -1;
}

static void *vsock_listen_open(Channel *channel, int *errnum, GError **error)
{
    const ChannelConfig *config = channel->config;
    int fd = config->listen_fd >= 0 ? config->listen_fd : listen_at(config->path);

    return listener_open(channel, &vsock_socket, fd, errnum, error);
}

static gboolean vsock_listen_probe(const ChannelConfig *config, GError **error)
{
    struct sockaddr_vm address;
    int fd;

    if (config->listen_fd >= 0)
        return TRUE;
    errno = EINVAL;
    if (parse_address(config->path, &address) &&
        (fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0) {
        close(fd);
        return TRUE;
    }
    channel_set_open_error(error, config->path, errno);
    return FALSE;
}

const ChannelOps vsock_listen_ops = {
    .method = "vsock-listen",
    .open = vsock_listen_open,
    .close = listener_close,
    .probe = vsock_listen_probe,
    .awaited_path = "/dev/vsock",
};
