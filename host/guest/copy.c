/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest/copy.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/guest/calm.h"
#include "lib/errors.h"

/* Of a part that is there, this much of its end is compared. */
#define END_BYTES (64 * 1024)
#define PIECE_BYTES (256 * 1024)

char *copy_name_in(const char *dir, const char *path)
{
    g_autofree char *base = g_path_get_basename(path);

    return g_strconcat(dir, g_str_has_suffix(dir, "/") ? "" : "/", base, NULL);
}

gboolean copy_passed(Copy *copy, const char *piece, gsize len, GError **error)
{
    g_checksum_update(copy->sum, (const guchar *)piece, (gssize)len);
    copy->done += (gint64)len;
    progress_update(&copy->progress, copy->done, copy->total);
    return pause_ms(copy->remote.vm->context, 0, error);
}

static gboolean read_exactly(int fd, char *to, gsize len, gint64 at, GError **error)
{
    while (len > 0) {
        ssize_t n = pread(fd, to, len, at);

        if (n == 0)
            return set_error(error, "the file on the host was truncated during the copy");
        if (n < 0)
            return set_errno_error(error, errno, "reading the file on the host");
        to += n;
        at += n;
        len -= (gsize)n;
    }
    return TRUE;
}

gboolean copy_sum_local(Copy *copy, int fd, gint64 len, GError **error)
{
    g_autofree char *piece = g_malloc(PIECE_BYTES);

    for (gint64 at = 0; at < len; at += PIECE_BYTES) {
        gsize n = (gsize)MIN(len - at, PIECE_BYTES);

        if (!read_exactly(fd, piece, n, at, error))
            return FALSE;
        g_checksum_update(copy->sum, (const guchar *)piece, (gssize)n);
    }
    return TRUE;
}

gboolean copy_compare_end(Copy *copy, int fd, gint64 len, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    gsize n = (gsize)MIN(len, END_BYTES), got;
    g_autofree char *ours = g_malloc(n + 1);
    const char *theirs;
    gboolean eof;

    if (n == 0)
        return TRUE;
    if (!read_exactly(fd, ours, n, len - (gint64)n, error) ||
        !remote_file_seek(&copy->remote, len - (gint64)n, NULL, error))
        return FALSE;
    theirs = remote_file_read(&copy->remote, n, &got, &eof, arena, error);
    if (!theirs)
        return FALSE;
    return (got == n && memcmp(ours, theirs, n) == 0) ||
           set_error(error, "existing file is not a prefix of the source; "
                            "omit --resume to replace it");
}

gboolean copy_check(Copy *copy, const RemoteStat *stat, GError **error)
{
    if (!*stat->sha256)
        return TRUE;
    copy->checked = g_str_equal(stat->sha256, g_checksum_get_string(copy->sum));
    return copy->checked ||
           set_error(error, "checksums differ: the source changed during the copy, or the "
                            "existing part was from another file");
}
