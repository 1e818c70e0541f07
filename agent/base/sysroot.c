/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/sysroot.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "agent/base/errors.h"

/* /proc files tell no size; most fit one read of this. */
#define READ_CHUNK 4096

struct Sysroot {
    char *path;
    int fd;
    gboolean is_real_root;
};

Sysroot *sysroot_new(const char *path, GError **error)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    Sysroot *root;

    if (fd < 0) {
        set_errno_error(error, errno, "open root directory %s", path);
        return NULL;
    }
    root = g_new0(Sysroot, 1);
    root->path = g_strdup(path);
    root->fd = fd;
    root->is_real_root = g_str_equal(path, "/");
    return root;
}

void sysroot_free(Sysroot *root)
{
    if (!root)
        return;
    close(root->fd);
    g_free(root->path);
    g_free(root);
}

int sysroot_open(const Sysroot *root, const char *path, int flags)
{
    const char *relative = path + strspn(path, "/");
    struct open_how how = { .flags = (guint64)(flags | O_CLOEXEC), .resolve = RESOLVE_IN_ROOT };

    if (root->is_real_root)
        return open(path, flags | O_CLOEXEC);
    return (int)syscall(SYS_openat2, root->fd, relative, &how, sizeof how);
}

gboolean sysroot_read(const Sysroot *root, const char *path, char **contents, gsize *len)
{
    g_autofree char *buffer = NULL;
    gsize used = 0, size = READ_CHUNK;
    int fd = sysroot_open(root, path, O_RDONLY | O_NOCTTY);
    ssize_t n;
    int saved;

    if (fd < 0)
        return FALSE;
    buffer = g_malloc(size + 1);
    while ((n = read(fd, buffer + used, size - used)) != 0) {
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            break;
        used += (gsize)n;
        if (used == size) {
            size *= 2;
            buffer = g_realloc(buffer, size + 1);
        }
        if (used > SYSROOT_MAX_FILE) {
            errno = EFBIG;
            n = -1;
            break;
        }
    }
    saved = errno;
    close(fd);
    errno = saved;
    if (n < 0)
        return FALSE;
    buffer[used] = '\0';
    *contents = g_steal_pointer(&buffer);
    if (len)
        *len = used;
    return TRUE;
}

char *sysroot_path(const Sysroot *root, const char *path)
{
    return g_build_filename(root->path, path, NULL);
}
