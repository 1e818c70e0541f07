/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/sysroot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/errors.h"

/* Files in /proc have size 0; most of them fit in one read of this size. */
#define READ_CHUNK 4096
/* How often a lookup below a root other than "/" is repeated while mounts change. */
#define RESOLVE_TRIES 1000

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
        set_errno_error(error, errno, "failed to open root directory %s", path);
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

    int fd = -1;

    if (root->is_real_root)
        return open(path, flags | O_CLOEXEC);
    /* EAGAIN: a rename or mount anywhere in the system interfered; openat2(2). */
    for (int tries = 0; tries < RESOLVE_TRIES; tries++) {
        fd = (int)syscall(SYS_openat2, root->fd, relative, &how, sizeof how);
        if (fd >= 0 || errno != EAGAIN)
            break;
    }
    return fd;
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

/* As close(), but keeps errno. */
static void close_quietly(int fd)
{
    int saved = errno;

    close(fd);
    errno = saved;
}

static char *readlink_at(int dir_fd, const char *path)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(dir_fd, path, target, sizeof target);

    if (len < 0)
        return NULL;
    if (len == sizeof target) {
        errno = ENAMETOOLONG;
        return NULL;
    }
    return g_strndup(target, (gsize)len);
}

char *sysroot_readlink(const Sysroot *root, const char *path)
{
    char *target;
    int fd;

    if (root->is_real_root)
        return readlink_at(AT_FDCWD, path);
    fd = sysroot_open(root, path, O_PATH | O_NOFOLLOW);
    if (fd < 0)
        return NULL;
    target = readlink_at(fd, "");
    close_quietly(fd);
    return target;
}

/* The path of @fd as the kernel reports it. */
static char *path_of_fd(int fd)
{
    char link[sizeof "/proc/self/fd/" + 3 * sizeof fd];

    g_snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    return readlink_at(AT_FDCWD, link);
}

char *sysroot_realpath(const Sysroot *root, const char *path)
{
    g_autofree char *top = NULL;
    g_autofree char *real = NULL;
    int fd;

    if (root->is_real_root)
        return realpath(path, NULL); /* g_free() is free() */
    fd = sysroot_open(root, path, O_PATH);
    if (fd < 0)
        return NULL;
    real = path_of_fd(fd);
    close_quietly(fd);
    top = real ? path_of_fd(root->fd) : NULL;
    if (!top)
        return NULL;
    if (g_str_equal(top, "/"))
        return g_steal_pointer(&real);
    if (!g_str_has_prefix(real, top)) {
        errno = ENOENT; /* the root was renamed meanwhile */
        return NULL;
    }
    return g_strdup(real[strlen(top)] ? real + strlen(top) : "/");
}

/* Whether @entry is of the kind @type; asks the filesystem if readdir(3) does not report it. */
static gboolean is_of_type(DIR *dir, const struct dirent *entry, unsigned char type)
{
    struct stat st;

    if (type == DT_UNKNOWN || entry->d_type != DT_UNKNOWN)
        return type == DT_UNKNOWN || entry->d_type == type;
    return fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           IFTODT(st.st_mode) == type;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char **sysroot_list_dir(const Sysroot *root, const char *path, unsigned char type)
{
    int fd = sysroot_open(root, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
    GPtrArray *names;
    struct dirent *entry;
    DIR *dir;

    if (fd < 0)
        return NULL;
    dir = fdopendir(fd);
    if (!dir) {
        close_quietly(fd);
        return NULL;
    }
    names = g_ptr_array_new();
    while ((entry = readdir(dir)))
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, "..") &&
            is_of_type(dir, entry, type))
            g_ptr_array_add(names, g_strdup(entry->d_name));
    closedir(dir);
    if (!root->is_real_root)
        g_ptr_array_sort(names, compare_names);
    g_ptr_array_add(names, NULL);
    return (char **)g_ptr_array_free(names, FALSE);
}

gboolean sysroot_is_real(const Sysroot *root)
{
    return root->is_real_root;
}

char *sysroot_path(const Sysroot *root, const char *path)
{
    return g_build_filename(root->path, path, NULL);
}
