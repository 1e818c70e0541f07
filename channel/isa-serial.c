/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

#include "channel/device.h"

/* A serial line does not report a closed host end: end of file is a hang-up. */
static const DeviceKind serial_line = { .eof_is_host_away = FALSE };

/*
 * Raw bytes both ways at 38400 baud, as qemu-ga sets the line; CLOCAL besides,
 * because a lost carrier must not end the dialogue.
 */
static gboolean make_raw(int fd)
{
    struct termios line;

    if (tcgetattr(fd, &line) < 0)
        return FALSE;
    cfmakeraw(&line);
    line.c_iflag &= (tcflag_t) ~(IXOFF | IXANY | IGNPAR | INPCK | IMAXBEL);
    line.c_cflag |= CLOCAL | CREAD | CS8;
    line.c_cc[VMIN] = 1;
    line.c_cc[VTIME] = 0;
    if (cfsetspeed(&line, B38400) < 0 || tcsetattr(fd, TCSANOW, &line) < 0)
        return FALSE;
    tcflush(fd, TCIFLUSH);
    return TRUE;
}

static void *isa_serial_open(Channel *channel, int *errnum, GError **error)
{
    int fd = open(channel->config->path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    Device *device = NULL;

    if (fd >= 0) {
        if (make_raw(fd))
            device = device_new(channel, &serial_line, fd);
        else
            *errnum = errno, close(fd), errno = *errnum;
    }
    if (!device) {
        *errnum = errno;
        channel_set_open_error(error, channel->config->path, *errnum);
    }
    return device;
}

static void isa_serial_close(void *impl)
{
    device_free(impl);
}

static gboolean isa_serial_probe(const ChannelConfig *config, GError **error)
{
    int fd = open(config->path, O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
    struct termios line;
    gboolean ok = fd >= 0 && tcgetattr(fd, &line) == 0;

    if (!ok)
        channel_set_open_error(error, config->path, errno);
    if (fd >= 0)
        close(fd);
    return ok;
}

const ChannelOps isa_serial_ops = {
    .method = "isa-serial",
    .open = isa_serial_open,
    .close = isa_serial_close,
    .probe = isa_serial_probe,
};
