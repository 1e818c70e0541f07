/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/fs.h>
#include <sys/statvfs.h>

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
    /* A new file without a name in the directory @dir_fd, for reading and writing (O_TMPFILE). */
    int (*open_nameless)(int dir_fd);
    /*
     * Reads the SMART log page, NVME_SMART_BYTES, of the NVMe device node @path; also
     * fails, with EIO, when the drive refuses.
     */
    int (*nvme_smart)(const char *path, void *page);
} SysOps;

/* The real ones. */
extern const SysOps system_ops;
