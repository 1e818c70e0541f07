/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/sysops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/loop.h>
#include <linux/nvme_ioctl.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "agent/base/uevent-socket.h"

static int open_mount(const char *path)
{
    return open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int identify(int fd, dev_t *device, uint64_t *mount_id)
{
    struct statx info;

    if (statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &info) < 0)
        return -1;
    *device = makedev(info.stx_dev_major, info.stx_dev_minor);
    *mount_id = info.stx_mask & STATX_MNT_ID ? info.stx_mnt_id : 0;
    return 0;
}

static int loop_backing(const char *path, dev_t *device)
{
    struct loop_info64 info;
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    int result, saved;

    if (fd < 0)
        return -1;
    result = ioctl(fd, LOOP_GET_STATUS64, &info);
    saved = errno;
    close(fd);
    errno = saved;
    /* The kernel's encoding of numbers of up to 32 bits is that of dev_t. */
    *device = result == 0 ? (dev_t)info.lo_device : 0;
    return result;
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

static int route_socket(void)
{
    return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

static int write_attribute(int fd, const char *word)
{
    ssize_t len = (ssize_t)strlen(word);
    ssize_t written = write(fd, word, (size_t)len);

    if (written < 0 || written == len)
        return written < 0 ? -1 : 0;
    errno = EIO;
    return -1;
}

const SysOps system_ops = {
    .open_mount = open_mount,
    .close = close,
    .identify = identify,
    .loop_backing = loop_backing,
    .freeze = freeze,
    .thaw = thaw,
    .trim = trim,
    .syncfs = syncfs,
    .statvfs = statvfs,
    .open_nameless = open_nameless,
    .nvme_smart = nvme_smart,
    .route_socket = route_socket,
    .get_user = getpwnam_r,
    .write_attribute = write_attribute,
    .uevent_open = uevent_open,
    .uevent_receive = uevent_receive,
};
