/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/sysops.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_mount(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int freeze(int fd)
{
    return ioctl(fd, FIFREEZE);
}

static int thaw(int fd)
{
    return ioctl(fd, FITHAW);
}

static int trim(int fd, struct fstrim_range *range)
{
    return ioctl(fd, FITRIM, range);
}

const SysOps system_ops = {
    .open_mount = open_mount,
    .close = close,
    .freeze = freeze,
    .thaw = thaw,
    .trim = trim,
    .syncfs = syncfs,
    .statvfs = statvfs,
};
