/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/file/open.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/beneath.h"
#include "lib/errors.h"

#define NEW_FILE_MODE 0666
#define MAX_PERM 07777

static const struct {
    const char *modes[4];
    int flags;
} open_modes[] = {
    { { "r", "rb" }, O_RDONLY },
    { { "w", "wb" }, O_WRONLY | O_CREAT | O_TRUNC },
    { { "a", "ab" }, O_WRONLY | O_CREAT | O_APPEND },
    { { "r+", "rb+", "r+b" }, O_RDWR },
    { { "w+", "wb+", "w+b" }, O_RDWR | O_CREAT | O_TRUNC },
    { { "a+", "ab+", "a+b" }, O_RDWR | O_CREAT | O_APPEND },
};

/* The flags of open(2) for @mode, or -1. */
static int mode_flags(const char *mode)
{
    for (gsize i = 0; i < G_N_ELEMENTS(open_modes); i++)
        if (g_strv_contains(open_modes[i].modes, mode))
            return open_modes[i].flags;
    return -1;
}

/* The mode in the octal digits @text; -1 for NULL, -2 for an invalid mode. */
static int read_perm(const char *text)
{
    int perm = 0;

    if (!text)
        return -1;
    for (const char *at = text; *at; at++) {
        if (*at < '0' || *at > '7' || perm > MAX_PERM)
            return -2;
        perm = perm * 8 + (*at - '0');
    }
    return *text && perm <= MAX_PERM ? perm : -2;
}

gboolean file_open_check(const OpenRequest *request, GError **error)
{
    int flags = mode_flags(request->mode);

    if (flags < 0)
        return set_error(error, "invalid file open mode '%s'", request->mode);
    if (read_perm(request->perm) == -2)
        return set_error(error, "value '%s' is invalid for argument perm: must be octal digits",
                         request->perm);
    if (request->perm && !(flags & O_CREAT))
        return set_error(error, "perm is for modes that create a file, not for '%s'",
                         request->mode);
    if (request->atomic && !(flags & O_TRUNC))
        return set_error(error, "atomic is for modes that truncate the file, not for '%s'",
                         request->mode);
    return TRUE;
}

/* Removes a file that was just created at @place. */
static void remove_new(const FilePlace *place)
{
    g_autofree char *directory = g_path_get_dirname(place->path);
    g_autofree char *name = g_path_get_basename(place->path);
    int fd = open_beneath(place->dir_fd, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);

    if (fd < 0)
        return;
    unlinkat(fd, name, 0);
    close(fd);
}

/* As open(2), but a new file gets exactly the mode @perm. *@denied: that was not permitted. */
static int open_path(const FilePlace *place, int flags, int perm, gboolean *denied)
{
    int fd, saved;

    *denied = FALSE;
    if (!(flags & O_CREAT))
        return open_beneath(place->dir_fd, place->path, flags, 0);
    fd = open_beneath(place->dir_fd, place->path, flags | O_EXCL, perm & 0600);
    if (fd < 0)
        return errno == EEXIST ? open_beneath(place->dir_fd, place->path, flags & ~O_CREAT, 0) : -1;
    if (fchmod(fd, (mode_t)perm) == 0)
        return fd;
    saved = errno;
    *denied = TRUE;
    close(fd);
    remove_new(place);
    errno = saved;
    return -1;
}

static int open_at(const OpenRequest *request, const FilePlace *place, const SysOps *sysops,
                   Replacement **replacement, GError **error)
{
    int flags = mode_flags(request->mode) | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;
    int perm = read_perm(request->perm);
    gboolean denied = FALSE;
    int fd = -1;

    if (request->atomic)
        *replacement = replacement_begin(place, perm, request->nofollow, sysops, &fd);
    else
        fd = open_path(place, flags | (request->nofollow ? O_NOFOLLOW : 0),
                       perm < 0 ? NEW_FILE_MODE : perm, &denied);
    if (denied)
        set_errno_error(error, errno, "failed to set permission %04o on new file '%s' (mode: '%s')",
                        (guint)(perm < 0 ? NEW_FILE_MODE : perm), request->path, request->mode);
    else if (fd >= 0 && (!request->atomic || *replacement))
        return fd;
    else if (!file_place_refused(place, errno, request->path, error))
        set_errno_error(error, errno, "failed to open file '%s' (mode: '%s')", request->path,
                        request->mode);
    return -1;
}

static int open_descriptor(const OpenRequest *request, const Services *services,
                           Replacement **replacement, GError **error)
{
    int flags = mode_flags(request->mode);
    gboolean reads = (flags & O_ACCMODE) != O_WRONLY, writes = (flags & O_ACCMODE) != O_RDONLY;
    g_auto(FilePlace) place = FILE_PLACE_NONE;

    if (!file_place_find(services->settings, request->path, reads, writes, &place, error))
        return -1;
    return open_at(request, &place, services->sysops, replacement, error);
}

FILE *file_open(const OpenRequest *request, const Services *services, Replacement **replacement,
                GError **error)
{
    int fd;
    FILE *stream;

    *replacement = NULL;
    fd = open_descriptor(request, services, replacement, error);
    if (fd < 0)
        return NULL;
    stream = fdopen(fd, request->mode);
    if (stream)
        return stream;
    set_errno_error(error, errno,
                    "failed to associate stdio stream with file descriptor %d, file '%s' "
                    "(mode: '%s')",
                    fd, request->path, request->mode);
    g_clear_pointer(replacement, replacement_free);
    close(fd);
    return NULL;
}
