/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The kernel returns EAGAIN while another process renames directories (openat2(2)). */
#define MOST_TRIES 32

int open_beneath(int dir_fd, const char *path, int flags, mode_t mode)
{
    struct open_how how = {
        .flags = (guint64)(guint)flags,
        .mode = flags & O_CREAT ? mode : 0,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    int fd = -1;

    if (dir_fd == AT_FDCWD)
        return open(path, flags, mode);
    for (int i = 0; i < MOST_TRIES; i++) {
        fd = (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return fd;
}

/* Removes the first component of @path. Returns FALSE at the end. */
static gboolean next_part(const char **path, const char **part, gsize *len)
{
    do {
        *path += strspn(*path, "/");
        *part = *path;
        *len = strcspn(*path, "/");
        *path += *len;
    } while (*len == 1 && **part == '.');
    return *len > 0;
}

const char *path_below(const char *directory, const char *path)
{
    const char *wanted, *part;
    gsize wanted_len, len;

    while (next_part(&directory, &wanted, &wanted_len))
        if (!next_part(&path, &part, &len) || len != wanted_len || memcmp(part, wanted, len) != 0)
            return NULL;
    path += strspn(path, "/");
    return *path ? path : ".";
}
