/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <linux/fs.h>
#include <pwd.h>
#include <stdint.h>
#include <sys/statvfs.h>
#include <sys/types.h>

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
    /*
     * What @fd lies on: the device number of its filesystem, as stat(2) tells it, and the id
     * of its mount, as in mountinfo; 0 where the kernel does not tell (before 5.8).
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
     * Reads the SMART log page, NVME_SMART_BYTES, of the NVMe device node @path; also
     * fails, with EIO, when the drive refuses.
     */
    int (*nvme_smart)(const char *path, void *page);
    int (*route_socket)(void); /* a socket to rtnetlink, closed with close() */
    /* getpwnam_r(3): may ask a directory server. Returns an errno value, not -1. */
    int (*get_user)(const char *name, struct passwd *user, char *buffer, size_t size,
                    struct passwd **found);
    /* Writes @word to @fd, an attribute in sysfs, in one piece; a part of it is EIO. */
    int (*write_attribute)(int fd, const char *word);
    /* As uevent_open() and uevent_receive() of agent/base/uevent-socket.h. */
    int (*uevent_open)(void);
    ssize_t (*uevent_receive)(int fd, char *buffer, size_t size, gboolean *from_kernel);
} SysOps;

/* The real ones. */
extern const SysOps system_ops;
