/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/readers.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "lib/errors.h"

#define READERS_FILE ".guestctl-readers"

gboolean readers_join(const Chain *chain, const ChainPoint *point, int *fd, GError **error)
{
    struct flock lock = { .l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = point->number,
                          .l_len = 1 };
    g_autofree char *path = chain_path(chain, READERS_FILE);

    *fd = g_open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (*fd < 0)
        return errno == EACCES || errno == EPERM || errno == EROFS ||
               set_errno_error(error, errno, "%s", path);
    if (fcntl(*fd, F_SETLK, &lock) == 0)
        return TRUE;
    set_errno_error(error, errno, "lock of %s", path);
    close(*fd);
    *fd = -1;
    return FALSE;
}

static const char *id_of(const Chain *chain, gint64 number)
{
    for (guint i = 0; i < chain->points->len; i++) {
        const ChainPoint *point = chain->points->pdata[i];

        if (point->number == number)
            return point->id;
    }
    return NULL;
}

gboolean readers_check(const Chain *chain, const ChainPoint *point, GError **error)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET,
                          .l_start = point ? point->number : 0, .l_len = point ? 1 : 0 };
    g_autofree char *path = chain_path(chain, READERS_FILE);
    int fd = g_open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    gboolean ok;
    const char *id;

    if (fd < 0)
        return errno == ENOENT || set_errno_error(error, errno, "%s", path);
    ok = fcntl(fd, F_GETLK, &lock) == 0 || set_errno_error(error, errno, "lock of %s", path);
    close(fd);
    if (!ok || lock.l_type == F_UNLCK)
        return ok;
    id = id_of(chain, lock.l_start);
    return set_error(error, "process %d reads files of the backup %s; it ends when it is idle, or "
                            "with \"guestctl files --from %s --at %s end\"",
                     (int)lock.l_pid, id ? id : "", chain->dir, id ? id : "TIME");
}
