/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "channel/device.h"

#define BY_NAME_DIR "/dev/virtio-ports/"
#define PORTS_CLASS "/sys/class/virtio-ports"

static const DeviceKind virtio_port = { .eof_is_host_away = TRUE };

/* Whether the kernel's port @entry carries @name. */
static gboolean port_is_named(const char *entry, const char *name)
{
    g_autofree char *path = g_build_filename(PORTS_CLASS, entry, "name", NULL);
    g_autofree char *found = NULL;

    return g_file_get_contents(path, &found, NULL, NULL) && g_str_equal(g_strchomp(found), name);
}

/*
 * /dev/virtio-ports/NAME is a link that udev creates. Without udev, the kernel's list of ports
 * gives the node of that name. Returns a path or NULL.
 */
static char *node_of_port(const char *path)
{
    const char *name = path + strlen(BY_NAME_DIR);
    g_autoptr(GDir) dir = NULL;
    const char *entry;

    if (!g_str_has_prefix(path, BY_NAME_DIR))
        return NULL;
    dir = g_dir_open(PORTS_CLASS, 0, NULL);
    while (dir && (entry = g_dir_read_name(dir)))
        if (port_is_named(entry, name))
            return g_build_filename("/dev", entry, NULL);
    return NULL;
}

static int open_port(const char *path, int flags)
{
    g_autofree char *node = NULL;
    int fd = open(path, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

    if (fd >= 0 || errno != ENOENT)
        return fd;
    node = node_of_port(path);
    if (node)
        return open(node, flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    errno = ENOENT;
    return -1;
}

static void *virtio_serial_open(Channel *channel, int *errnum, GError **error)
{
    int fd = open_port(channel->config->path, O_RDWR);
    Device *device = fd < 0 ? NULL : device_new(channel, &virtio_port, fd);

    if (!device) {
        *errnum = errno;
        channel_set_open_error(error, channel->config->path, *errnum);
    }
    return device;
}

static void virtio_serial_close(void *impl)
{
    device_free(impl);
}

static gboolean virtio_serial_probe(const ChannelConfig *config, GError **error)
{
    int fd = open_port(config->path, O_RDONLY);

    /* EBUSY: another process serves it, most likely an agent. */
    if (fd < 0 && errno != EBUSY) {
        channel_set_open_error(error, config->path, errno);
        return FALSE;
    }
    if (fd >= 0)
        close(fd);
    return TRUE;
}

const ChannelOps virtio_serial_ops = {
    .method = "virtio-serial",
    .open = virtio_serial_open,
    .close = virtio_serial_close,
    .probe = virtio_serial_probe,
};
