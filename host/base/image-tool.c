/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/image-tool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "lib/errors.h"
#include "lib/spawn.h"

/* A program that works on large files is given long; it can be interrupted. */
#define TOOL_LIMIT_US (G_GINT64_CONSTANT(24) * 3600 * G_USEC_PER_SEC)
#define CHUNK (1 << 20)

/* What a program wrote last is mostly what it died of. */
static const char *last_line(char *text)
{
    char *newline;

    g_strchomp(text);
    newline = strrchr(text, '\n');
    return *text ? (newline ? newline + 1 : text) : "it said nothing";
}

gboolean tool_run(const char *const *argv, int cancel_fd, GString **output, GError **error)
{
    SpawnRequest request = { .argv = argv, .cancel_fd = cancel_fd,
                             .until = g_get_monotonic_time() + TOOL_LIMIT_US };
    SpawnResult result;
    gboolean ok;

    if (!spawn_run(&request, &result, error)) {
        g_prefix_error(error, "%s (package qemu-utils) is needed: ", argv[0]);
        return FALSE;
    }
    ok = !result.cancelled && !result.timed_out && result.status == 0;
    if (result.cancelled)
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED, "interrupted");
    else if (!ok)
        set_error(error, "%s %s: %s", argv[0], argv[1], last_line(result.output->str));
    if (ok && output)
        *output = g_steal_pointer(&result.output);
    spawn_result_clear(&result);
    return ok;
}

static gboolean is_cancelled(int cancel_fd)
{
    Deadline now = deadline_in(0, cancel_fd);
    g_autoptr(GError) error = NULL;

    return !deadline_poll(&now, -1, 0, &error) &&
           g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED);
}

static gboolean feed(GChecksum *sum, int fd, const char *path, int cancel_fd, GError **error)
{
    g_autofree guchar *chunk = g_malloc(CHUNK);
    ssize_t n;

    while ((n = read(fd, chunk, CHUNK)) != 0) {
        if (n < 0)
            return set_errno_error(error, errno, "%s", path);
        g_checksum_update(sum, chunk, n);
        if (!is_cancelled(cancel_fd))
            continue;
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED, "interrupted");
        return FALSE;
    }
    return TRUE;
}

char *tool_sha256(const char *path, int cancel_fd, GError **error)
{
    g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);
    gboolean ok;

    if (fd < 0) {
        set_errno_error(error, errno, "%s", path);
        return NULL;
    }
    ok = feed(sum, fd, path, cancel_fd, error);
    close(fd);
    return ok ? g_strdup(g_checksum_get_string(sum)) : NULL;
}

gboolean tool_free_space(const char *path, gint64 *bytes, GError **error)
{
    g_autofree char *place = g_strdup(path);
    struct statvfs info;

    while (statvfs(place, &info) < 0) {
        int status = errno;
        char *parent = g_path_get_dirname(place);

        if (status != ENOENT || g_str_equal(parent, place)) {
            g_free(parent);
            return set_errno_error(error, status, "%s", path);
        }
        g_free(place);
        place = parent;
    }
    *bytes = (gint64)((guint64)info.f_bavail * info.f_frsize);
    return TRUE;
}

gboolean tool_reserve(const char *path, gint64 bytes, GError **error)
{
    int fd = g_open(path, O_RDWR | O_CLOEXEC, 0);
    gboolean ok;

    if (fd < 0)
        return set_errno_error(error, errno, "%s", path);
    ok = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, bytes) == 0 || errno == EOPNOTSUPP ||
         errno == ENOSYS || set_errno_error(error, errno, "room for %s", path);
    close(fd);
    return ok;
}

void tool_unreserve(const char *path)
{
    GStatBuf info;

    if (g_stat(path, &info) == 0 && truncate(path, info.st_size) < 0)
        return; /* it is only room */
}

gboolean tool_sync(const char *path, GError **error)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);
    gboolean ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        set_errno_error(error, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    return ok;
}
