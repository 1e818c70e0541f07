/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/fs.h>
#include <linux/rtc.h>
#include <sys/statvfs.h>
#include <time.h>

/* NVM Express base specification, "SMART / Health Information" log page. */
#define NVME_SMART_BYTES 512

/*
 * The system calls that can hang or do harm, behind one table, so that a test
 * can script what they return. All return -1 and set errno on failure, as the
 * calls themselves.
 */
typedef struct {
    /* Opens @path, a directory or (of a bind mount) a file, for an ioctl: read-only, non-blocking, close-on-exec. */
    int (*open_mount)(const char *path);
    int (*close)(int fd);
    int (*freeze)(int fd);                         /* FIFREEZE */
    int (*thaw)(int fd);                           /* FITHAW */
    int (*trim)(int fd, struct fstrim_range *range); /* FITRIM */
    int (*syncfs)(int fd);
    int (*statvfs)(const char *path, struct statvfs *result);
    /*
     * Reads the SMART log page, NVME_SMART_BYTES, of the NVMe device node @path; also
     * fails, with EIO, when the drive refuses.
     */
    int (*nvme_smart)(const char *path, void *page);
    int (*set_clock)(const struct timespec *now); /* CLOCK_REALTIME */
    /*
     * Reads the real-time clock @path. Waits for its next tick, and then returns 1; 0
     * for a clock that does not tell of them: a second may be over by any part of it.
     */
    int (*rtc_read)(const char *path, struct rtc_time *time);
    int (*rtc_set)(const char *path, const struct rtc_time *time);
    int (*ptp_read)(const char *path, struct timespec *time); /* the clock of a PTP device */
} SysOps;

/* The real ones. */
extern const SysOps system_ops;
