/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/target.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/base/stall.h"
#include "host/base/table.h"
#include "lib/errors.h"

#define LOOKED_AT (4 << 20)

gboolean target_is_device(const char *path, gboolean *device, GError **error)
{
    struct stat info;

    *device = stat(path, &info) == 0 && S_ISBLK(info.st_mode);
    if (*device || !g_str_has_prefix(path, "/dev/") || g_str_has_prefix(path, "/dev/shm/") ||
        g_file_test(path, G_FILE_TEST_IS_DIR))
        return TRUE;
    return set_error(error, "%s is not a block device; use --to with an existing device, or with a "
                            "file outside /dev", path);
}

/* What is read of a device in a thread of its own, as a device may hang. */
typedef struct {
    int fd;
    gint64 size;
    gint64 found; /* the first byte that is not 0; -1: none */
} Content;

/* Sets @found if a byte from @from to @to is not 0. */
static gboolean look(Content *content, gint64 from, gint64 to, GError **error)
{
    guint8 bytes[65536];

    while (content->found < 0 && from < to) {
        ssize_t n = pread(content->fd, bytes, (gsize)MIN(to - from, (gint64)sizeof bytes), from);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return set_errno_error(error, n < 0 ? errno : EIO, "reading the device");
        for (ssize_t i = 0; i < n && content->found < 0; i++)
            if (bytes[i])
                content->found = from + i;
        from += n;
    }
    return TRUE;
}

static gboolean look_at_both(gpointer data, GError **error)
{
    Content *content = data;

    return look(content, 0, MIN(LOOKED_AT, content->size), error) &&
           look(content, MAX(0, content->size - LOOKED_AT), content->size, error);
}

static void content_clear(gpointer data)
{
    close(((Content *)data)->fd);
}

static gboolean check_content(const Target *target, const char *path, int cancel_fd, GError **error)
{
    g_autofree char *what = g_strconcat("reading ", path, NULL);
    Content *content = g_atomic_rc_box_new0(Content);
    gint64 found = -1;
    gboolean ok;

    content->fd = fcntl(target->fd, F_DUPFD_CLOEXEC, 0);
    content->size = target->size;
    content->found = -1;
    ok = stall_call(look_at_both, content, content_clear, NULL, what, cancel_fd, error);
    if (ok)
        found = content->found;
    g_atomic_rc_box_release_full(content, content_clear);
    if (!ok)
        g_prefix_error(error, "%s: ", path);
    return ok && (found < 0 ||
                  set_error(error, "%s has content (at byte %" G_GINT64_FORMAT "); use --force to "
                                   "overwrite it", path, found));
}

static gboolean check_size(const Target *target, const char *path, gint64 size, GError **error)
{
    g_autofree char *have = size_text(target->size);
    g_autofree char *need = size_text(size);

    return target->size >= size ||
           set_error(error, "%s is too small: it has %s (%" G_GINT64_FORMAT " bytes), but %s (%"
                            G_GINT64_FORMAT " bytes) are needed", path, have, target->size, need,
                     size);
}

static gboolean check_kind(Target *target, const char *path, GError **error)
{
    struct stat info;
    guint64 size = 0;

    if (fstat(target->fd, &info) < 0)
        return set_errno_error(error, errno, "%s", path);
    if (!S_ISBLK(info.st_mode))
        return set_error(error, "%s is not a block device", path);
    if (ioctl(target->fd, BLKGETSIZE64, &size) < 0)
        return set_errno_error(error, errno, "%s: reading the size", path);
    target->size = (gint64)size;
    return TRUE;
}

/*
 * O_EXCL without O_CREAT, on a block device: EBUSY while it or a part of it is mounted, used by LVM
 * or RAID, or opened in the same way (open(2), Linux 2.6 and later).
 */
gboolean target_open(Target *target, const char *path, gint64 size, gboolean force, int cancel_fd,
                     GError **error)
{
    target->fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC | O_NONBLOCK);
    if (target->fd < 0 && errno == EBUSY)
        return set_error(error, "%s is in use (mounted, or part of LVM or RAID); unmount or release "
                                "it first", path);
    if (target->fd < 0)
        return set_errno_error(error, errno, "%s", path);
    return check_kind(target, path, error) && check_size(target, path, size, error) &&
           (force || check_content(target, path, cancel_fd, error));
}

void target_close(Target *target)
{
    if (target->fd >= 0)
        close(target->fd);
    target->fd = -1;
}
