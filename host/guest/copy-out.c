/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/guest/calm.h"
#include "lib/errors.h"

/* guestctl VM cp :PATH FILE */

/* The file on the host. */
typedef struct {
    char *path;
    char *temporary; /* renamed to @path in the end; NULL: it is written in place */
    int fd;
} Target;

/* What is a directory, means a file in it; what is a link, what it leads to. */
static void settle_path(Copy *copy, Target *target)
{
    g_autofree char *path = g_file_test(copy->local, G_FILE_TEST_IS_DIR)
                                ? copy_name_in(copy->local, copy->path)
                                : g_strdup(copy->local);
    char *real = realpath(path, NULL);

    target->path = g_strdup(real ? real : path);
    free(real);
}

static gboolean cannot(Target *target, const char *what, GError **error)
{
    return set_errno_error(error, errno, "%s '%s'", what, target->path);
}

/* @secret: only the caller can read the file until its mode is known. */
static gboolean open_target(Copy *copy, Target *target, gboolean secret, GError **error)
{
    g_autofree char *dir = g_path_get_dirname(target->path);
    g_autofree char *base = g_path_get_basename(target->path);
    struct stat info;
    gboolean there = stat(target->path, &info) == 0;

    if (there && S_ISDIR(info.st_mode))
        return set_error(error, "'%s' is a directory", target->path);
    if (there && !S_ISREG(info.st_mode)) {
        target->fd = open(target->path, O_WRONLY | O_CLOEXEC);
    } else if (copy->resume) {
        target->fd = open(target->path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    } else {
        target->temporary = g_strdup_printf("%s/.%s.XXXXXX", dir, base);
        target->fd = g_mkstemp_full(target->temporary, O_RDWR | O_CLOEXEC, secret ? 0600 : 0666);
    }
    return target->fd >= 0 || cannot(target, "cannot write", error);
}

/* guestd knows at once what it is; of any other agent the size must be felt for. */
static gboolean open_source(Copy *copy, RemoteStat *stat, GError **error)
{
    *stat = (RemoteStat){ .mode = -1 };
    if (copy->remote.guestd) {
        if (!remote_file_stat(&copy->remote, copy->path, FALSE, stat, error))
            return FALSE;
        if (!stat->exists)
            return set_error(error, "no file %s in the guest", copy->path);
        if (!g_str_equal(stat->type, "regular"))
            return set_error(error, "%s is not a regular file but a %s", copy->path, stat->type);
    }
    if (!remote_file_open(&copy->remote, copy->path, "rb", -1, FALSE, error))
        return FALSE;
    if (copy->remote.guestd) {
        copy->total = stat->size;
        return TRUE;
    }
    return remote_file_seek(&copy->remote, -1, &copy->total, error) &&
           remote_file_seek(&copy->remote, 0, NULL, error);
}

static gboolean skip_part(Copy *copy, Target *target, GError **error)
{
    struct stat info;

    if (!copy->resume || fstat(target->fd, &info) < 0 || !S_ISREG(info.st_mode))
        return TRUE;
    if (info.st_size > copy->total)
        return set_error(error, "'%s' is longer than %s in the guest; omit --resume to "
                                "replace it", target->path, copy->path);
    copy->start = copy->done = info.st_size;
    return copy_compare_end(copy, target->fd, copy->start, error) &&
           copy_sum_local(copy, target->fd, copy->start, error) &&
           remote_file_seek(&copy->remote, copy->start, NULL, error) &&
           (lseek(target->fd, copy->start, SEEK_SET) >= 0 || cannot(target, "seeking in", error));
}

static gboolean write_piece(Target *target, const char *data, gsize len, GError **error)
{
    while (len > 0) {
        ssize_t n = write(target->fd, data, len);

        if (n < 0 && errno != EINTR)
            return cannot(target, "writing", error);
        data += MAX(n, 0);
        len -= (gsize)MAX(n, 0);
    }
    return TRUE;
}

static gboolean receive_all(Copy *copy, Target *target, GError **error)
{
    gboolean eof = FALSE;

    while (!eof) {
        g_autoptr(Arena) arena = arena_new();
        gsize len;
        const char *data = remote_file_read(&copy->remote, REMOTE_CHUNK, &len, &eof, arena, error);

        if (!data || !write_piece(target, data, len, error) ||
            !copy_passed(copy, data, len, error))
            return FALSE;
    }
    return TRUE;
}

static gboolean receive(Copy *copy, Target *target, GError **error)
{
    struct stat info;

    if (!copy->receive)
        return receive_all(copy, target, error);
    return copy->receive(copy, target->fd,
                         fstat(target->fd, &info) == 0 && S_ISREG(info.st_mode), error);
}

/* Files of /proc have no size, and are not the same twice. */
static gboolean verify(Copy *copy, GError **error)
{
    RemoteStat stat;

    if (!copy->remote.guestd || copy->receive || (copy->total == 0 && copy->done > 0))
        return TRUE;
    return remote_file_stat(&copy->remote, NULL, TRUE, &stat, error) &&
           copy_check(copy, &stat, error);
}

/* Makes the renaming durable. A filesystem may refuse it for directories, by EINVAL. */
static gboolean sync_directory(const Target *target)
{
    g_autofree char *path = g_path_get_dirname(target->path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    gboolean ok = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL);
    int problem = errno;

    if (fd >= 0)
        close(fd);
    errno = problem;
    return ok;
}

static gboolean finish(Copy *copy, Target *target, int mode, GError **error)
{
    struct stat info;

    gboolean regular = fstat(target->fd, &info) == 0 && S_ISREG(info.st_mode);

    if (mode >= 0 && regular)
        copy->mode_kept = fchmod(target->fd, (mode_t)mode) == 0;
    /* Without this, a crash of the host after the rename may leave an empty file. */
    if (regular && fsync(target->fd) < 0)
        return cannot(target, "writing", error);
    if (close(target->fd) < 0) {
        target->fd = -1;
        return cannot(target, "writing", error);
    }
    target->fd = -1;
    if (!target->temporary)
        return TRUE;
    if (rename(target->temporary, target->path) < 0)
        return cannot(target, "cannot replace", error);
    g_clear_pointer(&target->temporary, g_free);
    return sync_directory(target) || cannot(target, "cannot write the directory of", error);
}

/* After a failure: the temporary file goes, and what was resumed stays for the next time. */
static void clean_up(Copy *copy, Target *target, GError **error)
{
    struct stat info;

    if (target->temporary)
        unlink(target->temporary);
    else if (copy->resume && target->fd >= 0 && fstat(target->fd, &info) == 0)
        g_prefix_error(error, "%" G_GINT64_FORMAT " bytes are in '%s' (--resume continues): ",
                       (gint64)info.st_size, target->path);
    if (target->fd >= 0)
        close(target->fd);
}

static gboolean fetch(Copy *copy, Target *target, GError **error)
{
    RemoteStat stat;

    if (!open_source(copy, &stat, error) ||
        !open_target(copy, target, stat.mode >= 0, error) ||
        !skip_part(copy, target, error) || !receive(copy, target, error))
        return FALSE;
    if (!verify(copy, error)) {
        /* What was added does not belong to what was there. */
        if (copy->resume && ftruncate(target->fd, copy->start) < 0)
            g_prefix_error(error, "'%s' is wrong: ", target->path);
        return FALSE;
    }
    return finish(copy, target, stat.mode, error);
}

gboolean copy_to_host(Copy *copy, GError **error)
{
    Target target = { .fd = -1 };
    gboolean ok;

    settle_path(copy, &target);
    ok = fetch(copy, &target, error);
    remote_file_close(&copy->remote, TRUE, NULL);
    if (!ok)
        clean_up(copy, &target, error);
    g_free(target.path);
    g_free(target.temporary);
    return ok;
}
