/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/fs.h>
#include <sys/statvfs.h>

/*
 * The system calls that can hang or do harm, behind one table, so that a test
 * can script what they return. All return -1 and set errno on failure, as the
 * calls themselves.
 */
typedef struct {
    /* Opens the directory @path for an ioctl: read-only, non-blocking, close-on-exec. */
    int (*open_mount)(const char *path);
    int (*close)(int fd);
    int (*freeze)(int fd);                         /* FIFREEZE */
    int (*thaw)(int fd);                           /* FITHAW */
    int (*trim)(int fd, struct fstrim_range *range); /* FITRIM */
    int (*syncfs)(int fd);
    int (*statvfs)(const char *path, struct statvfs *result);
} SysOps;

/* The real ones. */
extern const SysOps system_ops;
