/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/sysops.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/loop.h>
#include <linux/nvme_ioctl.h>
#include <poll.h>
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
    /* For device numbers of 32 bits, dev_t has the kernel's encoding. */
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
#define NVME_RETAIN_ASYNC_EVENT (1u << 15) /* keep events for the system's monitor */
#define NVME_DWORDS_SHIFT 16

static int nvme_smart(const char *path, void *page)
{
    /* No timeout: the kernel resets the controller when one expires. */
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

static int set_clock(const struct timespec *now)
{
    return clock_settime(CLOCK_REALTIME, now);
}

/* Closes @fd and returns @result; keeps errno. */
static int closed(int fd, int result)
{
    int saved = errno;

    close(fd);
    errno = saved;
    return result;
}

/* Longer than the second between two ticks. */
#define RTC_TICK_LIMIT_MS 1500

/* Whether the clock has just reported a tick by interrupt. */
static int rtc_tick(int fd)
{
    struct pollfd tick = { .fd = fd, .events = POLLIN };
    unsigned long count;
    int heard = 0;

    if (ioctl(fd, RTC_UIE_ON, 0) < 0)
        return 0;
    if (poll(&tick, 1, RTC_TICK_LIMIT_MS) > 0)
        heard = read(fd, &count, sizeof count) > 0;
    ioctl(fd, RTC_UIE_OFF, 0);
    return heard;
}

static int rtc_read(const char *path, struct rtc_time *time)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int heard;

    if (fd < 0)
        return -1;
    heard = rtc_tick(fd);
    return closed(fd, ioctl(fd, RTC_RD_TIME, time) < 0 ? -1 : heard);
}

static int rtc_set(const char *path, const struct rtc_time *time)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);

    return fd < 0 ? -1 : closed(fd, ioctl(fd, RTC_SET_TIME, time));
}

/* The clock id of a descriptor, clock_getres(2), "Dynamic clocks". */
#define CLOCK_OF_FD(fd) ((clockid_t)((~(unsigned int)(fd) << 3) | 3))

static int ptp_read(const char *path, struct timespec *time)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    return fd < 0 ? -1 : closed(fd, clock_gettime(CLOCK_OF_FD(fd), time));
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
    .set_clock = set_clock,
    .rtc_read = rtc_read,
    .rtc_set = rtc_set,
    .ptp_read = ptp_read,
};
