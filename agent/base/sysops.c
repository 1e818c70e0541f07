/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/sysops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <unistd.h>

static int open_mount(const char *path)
{
    return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
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

static int open_nameless(int dir_fd)
{
    return openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
}

/* From the NVM Express base specification: Get Log Page. */
#define NVME_GET_LOG_PAGE 0x02
#define NVME_LOG_SMART 0x02
#define NVME_ALL_NAMESPACES 0xffffffffu
#define NVME_RETAIN_ASYNC_EVENT (1u << 15) /* reading must not silence the system's own monitor */
#define NVME_DWORDS_SHIFT 16

static int nvme_smart(const char *path, void *page)
{
    /* No timeout of our own: the kernel would reset the controller when it passes. */
    struct nvme_admin_cmd command = {
        .opcode = NVME_GET_LOG_PAGE,
        .nsid = NVME_ALL_NAMESPACES,
        .addr = (uintptr_t)page,
        .data_len = NVME_SMART_BYTES,
        .cdw10 = NVME_LOG_SMART | NVME_RETAIN_ASYNC_EVENT |
                 (NVME_SMART_BYTES / 4 - 1) << NVME_DWORDS_SHIFT,
    };
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int result, saved;

    if (fd < 0)
        return -1;
    result = ioctl(fd, NVME_IOCTL_ADMIN_CMD, &command);
    saved = result > 0 ? EIO : errno; /* above 0: the drive's own status */
    close(fd);
    errno = saved;
    return result == 0 ? 0 : -1;
}

const SysOps system_ops = {
    .open_mount = open_mount,
    .close = close,
    .freeze = freeze,
    .thaw = thaw,
    .trim = trim,
    .syncfs = syncfs,
    .statvfs = statvfs,
    .open_nameless = open_nameless,
    .nvme_smart = nvme_smart,
};
