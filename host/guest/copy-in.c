/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest/copy.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/errors.h"

/* guestctl VM cp FILE :PATH */

/* A name of a directory means a file in it; a stock agent cannot tell which is one. */
static gboolean settle_path(Copy *copy, GError **error)
{
    RemoteStat stat = { .exists = FALSE };
    gboolean is_dir = g_str_has_suffix(copy->path, "/");
    char *path;

    if (!is_dir && copy->remote.guestd) {
        if (!remote_file_stat(&copy->remote, copy->path, FALSE, &stat, error))
            return FALSE;
        is_dir = stat.exists && g_str_equal(stat.type, "directory");
    }
    if (!is_dir)
        return TRUE;
    path = copy_name_in(copy->path, copy->local);
    g_free(copy->path);
    copy->path = path;
    return TRUE;
}

static gboolean too_long(GError **error)
{
    return set_error(error, "existing file is longer than the source; omit --resume to replace it");
}

/* guestd tells the checksum of what is there. */
static gboolean find_part(Copy *copy, int fd, GError **error)
{
    RemoteStat stat;

    if (!remote_file_stat(&copy->remote, copy->path, TRUE, &stat, error))
        return FALSE;
    if (!stat.exists)
        return TRUE;
    if (stat.size > copy->total)
        return too_long(error);
    copy->start = stat.size;
    if (!copy_sum_local(copy, fd, stat.size, error))
        return FALSE;
    return g_str_equal(stat.sha256, g_checksum_get_string(copy->sum)) ||
           set_error(error, "existing file is not a prefix of the source; "
                            "omit --resume to replace it");
}

/* Of any other agent, the end of the part has to do. */
static gboolean find_part_plainly(Copy *copy, int fd, GError **error)
{
    g_autoptr(GError) problem = NULL;
    gboolean ok;

    if (!remote_file_open(&copy->remote, copy->path, "rb", -1, FALSE, &problem)) {
        if (strstr(problem->message, "No such file"))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    ok = remote_file_seek(&copy->remote, -1, &copy->start, error) &&
         (copy->start <= copy->total || too_long(error)) &&
         copy_compare_end(copy, fd, copy->start, error) &&
         copy_sum_local(copy, fd, copy->start, error);
    return remote_file_close(&copy->remote, FALSE, ok ? error : NULL) && ok;
}

/* A checksum is restarted once it was looked at. */
static gboolean prepare(Copy *copy, int fd, GError **error)
{
    if (!copy->resume)
        return TRUE;
    if (!(copy->remote.guestd ? find_part(copy, fd, error) : find_part_plainly(copy, fd, error)))
        return FALSE;
    g_checksum_reset(copy->sum);
    copy->done = copy->start;
    return copy_sum_local(copy, fd, copy->start, error);
}

static gboolean open_target(Copy *copy, int mode, GError **error)
{
    gboolean guestd = copy->remote.guestd;

    if (copy->resume)
        return remote_file_open(&copy->remote, copy->path, "a+b", guestd ? mode : -1, FALSE, error);
    return remote_file_open(&copy->remote, copy->path, guestd ? "w+b" : "wb", guestd ? mode : -1,
                            guestd, error);
}

static gboolean send_all(Copy *copy, int fd, GError **error)
{
    gsize max = remote_max_write(copy->remote.vm);
    g_autofree char *piece = g_malloc(max);

    for (;;) {
        ssize_t n = pread(fd, piece, max, copy->done);

        if (n < 0)
            return set_errno_error(error, errno, "reading '%s'", copy->local);
        if (n == 0)
            return TRUE;
        if (!remote_file_write(&copy->remote, piece, (gsize)n, error) ||
            !copy_passed(copy, piece, (gsize)n, error))
            return FALSE;
    }
}

/* Before it is closed, so that an atomic file that came out wrong replaces nothing. */
static gboolean verify(Copy *copy, int mode, GError **error)
{
    RemoteStat stat;

    if (!copy->remote.guestd)
        return TRUE;
    if (!remote_file_stat(&copy->remote, NULL, TRUE, &stat, error))
        return FALSE;
    copy->mode_kept = stat.mode == mode;
    return copy_check(copy, &stat, error);
}

/* What is left of a copy that failed. */
static void tell_rest(Copy *copy, GError **error)
{
    if (copy->remote.atomic)
        g_prefix_error(error, "nothing was replaced in the guest: ");
    else
        g_prefix_error(error, "an incomplete %s is in the guest (--resume continues it): ",
                       copy->path);
}

static gboolean send_file(Copy *copy, int fd, int mode, GError **error)
{
    gboolean ok;

    if (!settle_path(copy, error) || !prepare(copy, fd, error) ||
        !open_target(copy, mode, error)) {
        remote_file_close(&copy->remote, TRUE, NULL);
        return FALSE;
    }
    ok = send_all(copy, fd, error) && verify(copy, mode, error);
    /* What was written may fail only now. */
    ok = remote_file_close(&copy->remote, !ok, ok ? error : NULL) && ok;
    if (!ok)
        tell_rest(copy, error);
    return ok;
}

gboolean copy_to_guest(Copy *copy, GError **error)
{
    int fd = open(copy->local, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat info;
    gboolean ok;

    if (fd < 0)
        return set_errno_error(error, errno, "'%s'", copy->local);
    ok = fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
    if (ok) {
        copy->total = info.st_size;
        ok = send_file(copy, fd, (int)info.st_mode & 0777, error);
    } else {
        set_error(error, "'%s' is not a regular file", copy->local);
    }
    close(fd);
    return ok;
}
