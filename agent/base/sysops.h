/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <linux/fs.h>
#include <linux/rtc.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/types.h>
#include <time.h>

/* NVM Express base specification, "SMART / Health Information" log page. */
#define NVME_SMART_BYTES 512

/*
 * The system calls that can hang or do harm, behind one table, so that a test can script their
 * results. All return -1 with errno set, as the calls themselves.
 */
typedef struct {
    /* Opens @path, a directory or (of a bind mount) a file, for an ioctl: read-only, non-blocking, close-on-exec. */
    int (*open_mount)(const char *path);
    int (*close)(int fd);
    /*
     * The filesystem of @fd: its device number, as stat(2) reports it, and the id of its mount, as
     * in mountinfo; 0 where the kernel reports none (statx(2), before 5.8).
     */
    int (*identify)(int fd, dev_t *device, uint64_t *mount_id);
    /* The device number of the filesystem on which the file of the loop device node @path lies. */
    int (*loop_backing)(const char *path, dev_t *device);
    int (*freeze)(int fd);                         /* FIFREEZE */
    int (*thaw)(int fd);                           /* FITHAW */
    int (*trim)(int fd, struct fstrim_range *range); /* FITRIM */
    int (*syncfs)(int fd);
    int (*statvfs)(const char *path, struct statvfs *result);
    /* A new file without a name in the directory @dir_fd, for reading and writing (O_TMPFILE). */
    int (*open_nameless)(int dir_fd);
    /*
     * Reads the SMART log page, NVME_SMART_BYTES, of the NVMe device node @path. Fails with EIO
     * when the drive refuses.
     */
    int (*nvme_smart)(const char *path, void *page);
    int (*route_socket)(void); /* a socket to rtnetlink, closed with close() */
    /* getpwnam_r(3), which may ask a directory server. Returns an errno value, not -1. */
    int (*get_user)(const char *name, struct passwd *user, char *buffer, size_t size,
                    struct passwd **found);
    /* Writes @word to the sysfs attribute @fd in one write(2). A partial write is EIO. */
    int (*write_attribute)(int fd, const char *word);
    /* As uevent_open() and uevent_receive() of agent/base/uevent-socket.h. */
    int (*uevent_open)(void);
    ssize_t (*uevent_receive)(int fd, char *buffer, size_t size, gboolean *from_kernel);
    int (*set_clock)(const struct timespec *now); /* CLOCK_REALTIME */
    /*
     * Reads the real-time clock @path. Waits for its next tick and returns 1; returns 0 for a clock
     * that reports no ticks, whose second may have begun any time before.
     */
    int (*rtc_read)(const char *path, struct rtc_time *time);
    int (*rtc_set)(const char *path, const struct rtc_time *time);
    int (*ptp_read)(const char *path, struct timespec *time); /* the clock of a PTP device */
} SysOps;

/* The table with the real system calls. */
extern const SysOps system_ops;
