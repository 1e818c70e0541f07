/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/base/image-tool.h"
#include "host/snapshot/snapshot.h"
#include "lib/errors.h"

/*
 * The files of overlays. guestctl creates each one exclusively and QEMU opens it, so that a file of
 * another VM is neither written to nor, after a failure, removed.
 */

#define PRIVATE_MODE 0600

static gboolean is_ours(const Overlay *overlay)
{
    GStatBuf now;

    return overlay->inode && g_lstat(overlay->path, &now) == 0 &&
           (guint64)now.st_dev == overlay->device && (guint64)now.st_ino == overlay->inode;
}

/* The file of the overlay, open; -1 with @error set. */
static int create(Overlay *overlay, GError **error)
{
    int fd = g_open(overlay->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                    PRIVATE_MODE);
    struct stat made;

    if (fd < 0 || fstat(fd, &made) < 0) {
        set_errno_error(error, errno, "failed to create %s", overlay->path);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    overlay->device = made.st_dev;
    overlay->inode = made.st_ino;
    return fd;
}

/*
 * With its size given and -u, qemu-img does not open the image below, which QEMU has locked; the
 * file stays the one that was created.
 */
static gboolean fill(const Overlay *overlay, int cancel_fd, GError **error)
{
    const Disk *disk = overlay->disk;
    g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, disk->size);
    Deadline deadline = deadline_in(TOOL_CREATE_MS, cancel_fd);

    if (disk->size <= 0)
        return set_error(error, "disk %s: its size is not known", disk->name);
    return tool_run((const char *const[]){ "qemu-img", "create", "-q", "-f", "qcow2", "-u", "-b",
                                           disk->path, "-F", disk->format, overlay->path, size,
                                           NULL }, &deadline, NULL, error);
}

/*
 * Owner and mode of the image below. A user who may not give files away keeps them, in the
 * image's group if that is allowed.
 */
static gboolean hand_over(Overlay *overlay, int fd, GError **error)
{
    mode_t mode = PRIVATE_MODE;
    struct stat below;

    if (stat(overlay->disk->path, &below) < 0)
        return set_errno_error(error, errno, "%s", overlay->disk->path);
    overlay->kept = fchown(fd, below.st_uid, below.st_gid) < 0;
    if (!overlay->kept)
        mode = below.st_mode & 0666;
    else if (fchown(fd, (uid_t)-1, below.st_gid) == 0)
        mode = below.st_mode & 0660;
    return fchmod(fd, mode) == 0 ||
           set_errno_error(error, errno, "failed to set the mode of %s", overlay->path);
}

static gboolean make(Overlay *overlay, int cancel_fd, GError **error)
{
    int fd = create(overlay, error);
    gboolean ok;

    if (fd < 0)
        return FALSE;
    ok = fill(overlay, cancel_fd, error) && hand_over(overlay, fd, error);
    close(fd);
    if (ok && !is_ours(overlay))
        return set_error(error, "%s was replaced by another program", overlay->path);
    return ok;
}

gboolean overlays_create(const GPtrArray *overlays, int cancel_fd, GError **error)
{
    for (guint i = 0; i < overlays->len; i++)
        if (!make(overlays->pdata[i], cancel_fd, error)) {
            overlays_remove(overlays);
            return FALSE;
        }
    return TRUE;
}

void overlays_remove(const GPtrArray *overlays)
{
    for (guint i = 0; i < overlays->len; i++) {
        Overlay *overlay = overlays->pdata[i];

        if (is_ours(overlay))
            unlink(overlay->path);
        overlay->inode = 0;
    }
}

const char *overlays_kept(const GPtrArray *overlays)
{
    for (guint i = 0; i < overlays->len; i++)
        if (((const Overlay *)overlays->pdata[i])->kept)
            return ((const Overlay *)overlays->pdata[i])->path;
    return NULL;
}
