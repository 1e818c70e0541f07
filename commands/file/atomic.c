/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/file/atomic.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "agent/base/beneath.h"
#include "lib/errors.h"

#define NEW_FILE_MODE 0666
/* The number of links that are followed, as in the kernel (MAXSYMLINKS of linux/namei.h). */
#define MOST_LINKS 40
#define COPY_BYTES (128 * 1024)
/* The kernel's limits, XATTR_LIST_MAX and XATTR_SIZE_MAX (linux/limits.h). */
#define MAX_ATTRIBUTES (64 * 1024)

struct Replacement {
    int dir_fd;
    char *name;
    gboolean linkable; /* the filesystem can name a nameless file, with linkat(2) */
};

/* These attributes vouch for the old contents. */
static gboolean is_about_contents(const char *attribute)
{
    return g_str_equal(attribute, "security.capability") ||
           g_str_equal(attribute, "security.ima") || g_str_equal(attribute, "security.evm");
}

/* Copies labels, access lists and other attributes, as far as permitted. */
static void copy_attributes(int from, int to)
{
    g_autofree char *names = g_malloc(MAX_ATTRIBUTES);
    g_autofree char *value = g_malloc(MAX_ATTRIBUTES);
    ssize_t len = flistxattr(from, names, MAX_ATTRIBUTES);

    for (ssize_t at = 0; at < len; at += (ssize_t)strlen(names + at) + 1) {
        ssize_t size = fgetxattr(from, names + at, value, MAX_ATTRIBUTES);

        if (size >= 0 && !is_about_contents(names + at))
            fsetxattr(to, names + at, value, (size_t)size, 0);
    }
}

/* The mode is set last: a change of the owner clears some of its bits. */
static int take_over(int from, int to, int perm)
{
    struct stat info;

    if (fstat(from, &info) < 0 || fchown(to, info.st_uid, info.st_gid) < 0)
        return -1;
    copy_attributes(from, to);
    return fchmod(to, perm < 0 ? info.st_mode & 07777 : (mode_t)perm);
}

/* Opens the directory of @path, whose last part is returned in @name; -1 with errno set. */
static int open_directory(const FilePlace *place, const char *path, char **name)
{
    const char *slash = strrchr(path, '/');
    g_autofree char *directory = g_path_get_dirname(path);

    if (!*path || (slash && !slash[1])) {
        errno = *path ? EISDIR : ENOENT;
        return -1;
    }
    *name = g_strdup(slash ? slash + 1 : path);
    return open_beneath(place->dir_fd, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

/*
 * The target of the link @name in the directory of @path; NULL with errno set, EINVAL if it is
 * not a link.
 */
static char *read_link(int dir_fd, const char *path, const char *name)
{
    char target[PATH_MAX + 1];
    ssize_t n = readlinkat(dir_fd, name, target, sizeof target - 1);
    g_autofree char *directory = NULL;

    if (n < 0)
        return NULL;
    target[n] = '\0';
    if (*target == '/') /* below a directory, open_beneath() refuses it */
        return g_strdup(target);
    directory = g_path_get_dirname(path);
    return g_strconcat(directory, "/", target, NULL);
}

/* Whether a link leads to nothing, which is an error as in open(2) without O_CREAT. */
static gboolean is_dangling(const Replacement *replacement, int links)
{
    struct stat info;

    return links > 0 &&
           fstatat(replacement->dir_fd, replacement->name, &info, AT_SYMLINK_NOFOLLOW) < 0;
}

/* Finds the file to replace, which need not exist. FALSE with errno set. */
static gboolean find_target(const FilePlace *place, gboolean nofollow, Replacement *replacement)
{
    g_autofree char *path = g_strdup(place->path);
    char *target;

    for (int links = 0; links <= MOST_LINKS; links++) {
        replacement->dir_fd = open_directory(place, path, &replacement->name);
        if (replacement->dir_fd < 0)
            return FALSE;
        target = nofollow ? NULL : read_link(replacement->dir_fd, path, replacement->name);
        if (!target)
            return nofollow || ((errno == EINVAL || errno == ENOENT) &&
                                !is_dangling(replacement, links));
        g_free(path);
        path = target;
        close(replacement->dir_fd);
        replacement->dir_fd = -1;
        g_clear_pointer(&replacement->name, g_free);
    }
    errno = ELOOP;
    return FALSE;
}

/* Creates a file beside the target, with a temporary @name. */
static int open_named(int dir_fd, char *name, size_t size)
{
    snprintf(name, size, ".guestd-%08x%08x", g_random_int(), g_random_int());
    return openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_NOCTTY | O_CLOEXEC,
                  0600);
}

/* On filesystems without O_TMPFILE, creates a file and removes its name at once. */
static int open_nameless(Replacement *replacement, const SysOps *sysops)
{
    char name[64];
    int fd = sysops->open_nameless(replacement->dir_fd);

    replacement->linkable = fd >= 0;
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL && errno != ENOENT))
        return fd;
    fd = open_named(replacement->dir_fd, name, sizeof name);
    if (fd >= 0)
        unlinkat(replacement->dir_fd, name, 0);
    return fd;
}

/* Gives the new file @fd the owner, mode and attributes of its target, if there is one. */
static int dress(Replacement *replacement, int fd, int perm)
{
    struct stat info;
    int target, result;

    if (fstatat(replacement->dir_fd, replacement->name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? fchmod(fd, perm < 0 ? NEW_FILE_MODE : (mode_t)perm) : -1;
    if (!S_ISREG(info.st_mode)) {
        errno = S_ISLNK(info.st_mode) ? ELOOP : S_ISDIR(info.st_mode) ? EISDIR : EINVAL;
        return -1;
    }
    target = openat(replacement->dir_fd, replacement->name,
                    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (target < 0)
        return -1;
    result = take_over(target, fd, perm);
    close(target);
    return result;
}

Replacement *replacement_begin(const FilePlace *place, int perm, gboolean nofollow,
                               const SysOps *sysops, int *fd)
{
    Replacement *replacement = g_new0(Replacement, 1);
    int saved;

    replacement->dir_fd = -1;
    *fd = find_target(place, nofollow, replacement) ? open_nameless(replacement, sysops) : -1;
    if (*fd >= 0 && dress(replacement, *fd, perm) == 0)
        return replacement;
    saved = errno;
    if (*fd >= 0)
        close(*fd);
    replacement_free(replacement);
    errno = saved;
    return NULL;
}

static int copy_contents(int from, int to)
{
    g_autofree char *buffer = g_malloc(COPY_BYTES);
    off_t at = 0;
    ssize_t n;

    while ((n = pread(from, buffer, COPY_BYTES, at)) > 0) {
        for (ssize_t done = 0, part; done < n; done += part) {
            part = write(to, buffer + done, (size_t)(n - done));
            if (part < 0)
                return -1;
        }
        at += n;
    }
    return n == 0 ? fdatasync(to) : -1;
}

/* Gives the file of @fd a temporary name, to be renamed. */
static int give_name(Replacement *replacement, int fd, char *name, size_t size)
{
    char link[64];
    int copy, result;

    if (replacement->linkable) {
        snprintf(name, size, ".guestd-%08x%08x", g_random_int(), g_random_int());
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        return linkat(AT_FDCWD, link, replacement->dir_fd, name, AT_SYMLINK_FOLLOW);
    }
    copy = open_named(replacement->dir_fd, name, size);
    if (copy < 0)
        return -1;
    result = take_over(fd, copy, -1) == 0 ? copy_contents(fd, copy) : -1;
    close(copy);
    return result;
}

gboolean replacement_commit(Replacement *replacement, int fd, GError **error)
{
    char name[64] = "";
    int saved;

    /*
     * The contents first: after a crash there is the old file or the new one, never an empty
     * one.
     */
    if (fdatasync(fd) == 0 && give_name(replacement, fd, name, sizeof name) == 0 &&
        renameat(replacement->dir_fd, name, replacement->dir_fd, replacement->name) == 0)
        return TRUE;
    saved = errno;
    if (*name)
        unlinkat(replacement->dir_fd, name, 0);
    return set_errno_error(error, saved, "failed to close handle: cannot replace '%s'",
                           replacement->name);
}

void replacement_free(Replacement *replacement)
{
    if (replacement->dir_fd >= 0)
        close(replacement->dir_fd);
    g_free(replacement->name);
    g_free(replacement);
}
