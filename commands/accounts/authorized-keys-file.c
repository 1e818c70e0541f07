/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/accounts/authorized-keys-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "lib/errors.h"

#define DIRECTORY ".ssh"
#define NAME "authorized_keys"
#define LABEL "security.selinux"
#define READ_CHUNK (16 * 1024)
/* Names are random; so many taken ones in a row are not a coincidence. */
#define NAME_TRIES 100

static char *file_path(const KeyFileOwner *owner)
{
    return g_build_filename(owner->home, DIRECTORY, NAME, NULL);
}

static char *directory_path(const KeyFileOwner *owner)
{
    return g_build_filename(owner->home, DIRECTORY, NULL);
}

/* As close(), for a descriptor that may be -1; leaves errno as it was. */
static void close_quietly(int fd)
{
    int saved = errno;

    if (fd >= 0)
        close(fd);
    errno = saved;
}

static gboolean is_missing(int errnum)
{
    return errnum == ENOENT || errnum == ENOTDIR;
}

static gboolean is_link(int dir_fd, const char *name)
{
    struct stat st;

    return fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode);
}

static int open_home(const KeyFileOwner *owner)
{
    return open(owner->home, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Opens ~/.ssh; -1 with errno, which is ELOOP for a symbolic link. */
static int open_directory(int home_fd)
{
    int fd = openat(home_fd, DIRECTORY, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

    if (fd < 0 && errno == ENOTDIR && is_link(home_fd, DIRECTORY))
        errno = ELOOP;
    return fd;
}

/* Opens a FIFO at once; key_file_read() then refuses it for its type. */
static int open_file(const KeyFileOwner *owner)
{
    int home_fd = open_home(owner);
    int dir_fd = home_fd < 0 ? -1 : open_directory(home_fd);
    int fd = dir_fd < 0 ? -1 : openat(dir_fd, NAME, O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
                                                        O_NOCTTY | O_CLOEXEC);

    close_quietly(dir_fd);
    close_quietly(home_fd);
    return fd;
}

static void read_label(int fd, KeyFile *file)
{
    ssize_t len = fgetxattr(fd, LABEL, NULL, 0);

    if (len <= 0)
        return;
    file->label = g_malloc((gsize)len);
    len = fgetxattr(fd, LABEL, file->label, (gsize)len);
    file->label_len = len > 0 ? (gsize)len : 0;
    if (len <= 0)
        g_clear_pointer(&file->label, g_free);
}

static gboolean read_text(int fd, const char *path, GString *text, GError **error)
{
    char chunk[READ_CHUNK];
    ssize_t n;

    while ((n = read(fd, chunk, sizeof chunk)) != 0) {
        if (n < 0 && errno != EINTR)
            return set_errno_error(error, errno, "failed to read '%s'", path);
        if (n > 0)
            g_string_append_len(text, chunk, n);
        if (text->len > KEY_FILE_MAX)
            return set_error(error, "failed to read '%s': larger than %d bytes", path,
                             KEY_FILE_MAX);
    }
    return TRUE;
}

static gboolean cannot_open(const char *path, int errnum, GError **error)
{
    if (errnum == ELOOP)
        return set_error(error, "failed to read '%s': it is a symbolic link, or lies behind one",
                         path);
    return set_errno_error(error, errnum, "failed to read '%s': Failed to open file “%s”", path,
                           path);
}

gboolean key_file_read(const KeyFileOwner *owner, gboolean only_label, KeyFile *file,
                       GError **error)
{
    g_autofree char *path = file_path(owner);
    int fd = open_file(owner);
    gboolean ok = TRUE;
    struct stat st;

    file->text = g_string_new(NULL);
    file->missing = fd < 0 ? errno : 0;
    if (fd < 0 && (is_missing(errno) || (only_label && errno == EACCES)))
        return TRUE;
    if (fd < 0)
        return cannot_open(path, errno, error);
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return set_error(error, "failed to read '%s': not a regular file", path);
    }
    read_label(fd, file);
    if (!only_label)
        ok = read_text(fd, path, file->text, error);
    close(fd);
    return ok;
}

gboolean key_file_missing(const KeyFileOwner *owner, const KeyFile *file, GError **error)
{
    g_autofree char *path = file_path(owner);

    return cannot_open(path, file->missing, error);
}

void key_file_clear(KeyFile *file)
{
    if (file->text)
        g_string_free(file->text, TRUE);
    file->text = NULL;
    g_clear_pointer(&file->label, g_free);
}

/* Creates ~/.ssh and opens it; -1 with @error set. */
static int make_directory(int home_fd, const KeyFileOwner *owner, GError **error)
{
    g_autofree char *path = directory_path(owner);
    int fd;

    if (mkdirat(home_fd, DIRECTORY, 0700) < 0) {
        set_errno_error(error, errno, "failed to create directory '%s'", path);
        return -1;
    }
    fd = open_directory(home_fd);
    /* A home with the setgid bit would pass its group on. */
    if (fd >= 0 && fchown(fd, owner->uid, owner->gid) == 0 && fchmod(fd, 0700) == 0)
        return fd;
    set_errno_error(error, errno, "failed to set ownership of directory '%s'", path);
    close_quietly(fd);
    return -1;
}

/* Opens ~/.ssh, which is created if it does not exist; -1 with @error set. */
static int need_directory(const KeyFileOwner *owner, GError **error)
{
    g_autofree char *path = directory_path(owner);
    int home_fd = open_home(owner);
    int fd = home_fd < 0 ? -1 : open_directory(home_fd);

    if (home_fd < 0)
        set_errno_error(error, errno, "failed to create directory '%s'", path);
    else if (fd < 0 && errno == ELOOP)
        set_error(error, "failed to open directory '%s': it is a symbolic link", path);
    else if (fd < 0 && is_missing(errno))
        fd = make_directory(home_fd, owner, error);
    else if (fd < 0)
        set_errno_error(error, errno, "failed to open directory '%s'", path);
    close_quietly(home_fd);
    return fd;
}

/* Creates a file beside the old one, to be renamed; *@name is its name. */
static int create_beside(int dir_fd, char **name)
{
    for (int tries = 0; tries < NAME_TRIES; tries++) {
        g_autofree char *made = g_strdup_printf("." NAME ".%08x", g_random_int());
        int fd = openat(dir_fd, made, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

        if (fd >= 0)
            *name = g_steal_pointer(&made);
        if (fd >= 0 || errno != EEXIST)
            return fd;
    }
    return -1;
}

static gboolean write_all(int fd, const GString *text)
{
    gsize done = 0;

    while (done < text->len) {
        ssize_t n = write(fd, text->str + done, text->len - done);

        if (n < 0 && errno != EINTR)
            return FALSE;
        done += (gsize)MAX(n, 0);
    }
    return TRUE;
}

/* sshd may not be permitted to read a file with another label. */
static gboolean keep_label(int fd, const KeyFile *old)
{
    g_auto(KeyFile) fresh = { NULL };

    if (!old->label)
        return TRUE;
    read_label(fd, &fresh);
    if (fresh.label && fresh.label_len == old->label_len &&
        memcmp(fresh.label, old->label, old->label_len) == 0)
        return TRUE;
    return fsetxattr(fd, LABEL, old->label, old->label_len, 0) == 0;
}

static gboolean replace(int dir_fd, const KeyFileOwner *owner, const KeyFile *old,
                        const GString *text)
{
    g_autofree char *name = NULL;
    int fd = create_beside(dir_fd, &name);
    gboolean ok;

    if (fd < 0)
        return FALSE;
    ok = fchown(fd, owner->uid, owner->gid) == 0 && fchmod(fd, 0600) == 0 &&
         keep_label(fd, old) && write_all(fd, text) && fsync(fd) == 0 &&
         renameat(dir_fd, name, dir_fd, NAME) == 0;
    close_quietly(fd);
    if (!ok) {
        int saved = errno;

        unlinkat(dir_fd, name, 0);
        errno = saved;
        return FALSE;
    }
    fsync(dir_fd); /* the new file is in place even if this fails */
    return TRUE;
}

gboolean key_file_write(const KeyFileOwner *owner, const KeyFile *old, const GString *text,
                        GError **error)
{
    g_autofree char *path = file_path(owner);
    gboolean ok;
    int dir_fd;

    if (text->len > KEY_FILE_MAX)
        return set_error(error, "failed to write to '%s': the file would be larger than %d "
                                "bytes", path,
                         KEY_FILE_MAX);
    dir_fd = need_directory(owner, error);
    if (dir_fd < 0)
        return FALSE;
    ok = replace(dir_fd, owner, old, text);
    if (!ok)
        set_errno_error(error, errno, "failed to write to '%s'", path);
    close(dir_fd);
    return ok;
}
