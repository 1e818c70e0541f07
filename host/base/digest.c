/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>

#include "host/base/stall.h"
#include "lib/errors.h"

#define CHUNK (1 << 20)
/* More of them wait for the same disk. */
#define MOST_THREADS 8
#define DIGEST_BYTES (DIGEST_HEX / 2)

/* Shared with threads that may outlive the caller, waiting for a disk. */
typedef struct {
    char *path;
    int fd, cancel_fd;
    gint64 size, range;
    char *hex;    /* of all ranges */
    char *zeros;  /* the digest of a range without data, in hex */
    gint steps;   /* atomic; chunks that were read */
    gint failed;  /* atomic; error is set, and the other ranges are not needed */
    GMutex lock;  /* of what follows */
    GError *error;
} File;

static void file_clear(gpointer data)
{
    File *file = data;

    if (file->fd >= 0)
        close(file->fd);
    g_mutex_clear(&file->lock);
    g_clear_error(&file->error);
    g_free(file->zeros);
    g_free(file->hex);
    g_free(file->path);
}

static void file_release(File *file)
{
    g_atomic_rc_box_release_full(file, file_clear);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(File, file_release)

static gboolean is_cancelled(int cancel_fd)
{
    Deadline now = deadline_in(0, cancel_fd);
    g_autoptr(GError) error = NULL;

    return !deadline_poll(&now, -1, 0, &error) &&
           g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED);
}

static void write_hex(const guint8 *digest, char *hex)
{
    static const char digits[] = "0123456789abcdef";

    for (guint i = 0; i < DIGEST_BYTES; i++) {
        hex[2 * i] = digits[digest[i] >> 4];
        hex[2 * i + 1] = digits[digest[i] & 15];
    }
}

static gboolean update(EVP_MD_CTX *sum, File *file, gint64 from, gint64 to, GError **error)
{
    g_autofree guint8 *chunk = g_malloc(CHUNK);

    while (from < to) {
        ssize_t n = pread(file->fd, chunk, (gsize)MIN(to - from, CHUNK), from);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return set_errno_error(error, errno, "%s", file->path);
        if (n == 0)
            return set_error(error, "%s became shorter while it was read", file->path);
        if (!EVP_DigestUpdate(sum, chunk, (gsize)n))
            return set_error(error, "libcrypto failed to hash %s", file->path);
        from += n;
        g_atomic_int_inc(&file->steps);
        if (!is_cancelled(file->cancel_fd))
            continue;
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED, "interrupted");
        return FALSE;
    }
    return TRUE;
}

static gboolean hash(File *file, gint64 from, gint64 to, char *hex, GError **error)
{
    EVP_MD_CTX *sum = EVP_MD_CTX_new();
    guint8 digest[EVP_MAX_MD_SIZE];
    gboolean ok;

    if (!sum || !EVP_DigestInit_ex(sum, EVP_sha256(), NULL)) {
        EVP_MD_CTX_free(sum);
        return set_error(error, "libcrypto offers no SHA-256");
    }
    ok = update(sum, file, from, to, error) &&
         (EVP_DigestFinal_ex(sum, digest, NULL) ||
          set_error(error, "libcrypto failed to hash %s", file->path));
    if (ok)
        write_hex(digest, hex);
    EVP_MD_CTX_free(sum);
    return ok;
}

/* Whether no byte of the range is stored; lseek() with SEEK_DATA (Linux 3.1). */
static gboolean is_hole(const File *file, gint64 from, gint64 to)
{
    off_t data = lseek(file->fd, from, SEEK_DATA);

    return data < 0 ? errno == ENXIO : data >= to;
}

static void hash_range(gpointer data, gpointer user)
{
    File *file = user;
    gint64 index = GPOINTER_TO_SIZE(data) - 1, from = index * file->range;
    gint64 to = MIN(from + file->range, file->size);
    char *hex = file->hex + index * DIGEST_HEX;
    GError *error = NULL;

    if (g_atomic_int_get(&file->failed))
        return;
    if (to - from == file->range && file->zeros && is_hole(file, from, to)) {
        memcpy(hex, file->zeros, DIGEST_HEX);
        return;
    }
    if (hash(file, from, to, hex, &error))
        return;
    g_mutex_lock(&file->lock);
    if (!file->error)
        file->error = g_steal_pointer(&error);
    g_mutex_unlock(&file->lock);
    g_atomic_int_set(&file->failed, TRUE);
    g_clear_error(&error);
}

/* The digest of a whole range of zeros; NULL: holes have to be hashed, too. */
static char *zeros_of(gint64 range)
{
    g_autofree guint8 *zeros = g_malloc0(CHUNK);
    g_autofree char *hex = g_malloc0(DIGEST_HEX + 1);
    EVP_MD_CTX *sum = EVP_MD_CTX_new();
    guint8 digest[EVP_MAX_MD_SIZE];
    gboolean ok = sum && EVP_DigestInit_ex(sum, EVP_sha256(), NULL);

    for (gint64 left = range; ok && left > 0; left -= CHUNK)
        ok = EVP_DigestUpdate(sum, zeros, (gsize)MIN(left, CHUNK));
    ok = ok && EVP_DigestFinal_ex(sum, digest, NULL);
    if (ok)
        write_hex(digest, hex);
    EVP_MD_CTX_free(sum);
    return ok ? g_steal_pointer(&hex) : NULL;
}

static gboolean hash_ranges(File *file, gint64 n, GError **error)
{
    guint threads = (guint)CLAMP(n, 1, MIN(MOST_THREADS, (gint64)g_get_num_processors()));
    GThreadPool *pool = g_thread_pool_new(hash_range, file, (int)threads, FALSE, error);

    if (!pool)
        return FALSE;
    for (gint64 i = 0; i < n; i++)
        g_thread_pool_push(pool, GSIZE_TO_POINTER(i + 1), NULL);
    g_thread_pool_free(pool, FALSE, TRUE);
    if (!file->error)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&file->error));
    return FALSE;
}

static gboolean hash_file(gpointer data, GError **error)
{
    File *file = data;
    struct stat info;
    gint64 n = 1;

    file->fd = open(file->path, O_RDONLY | O_CLOEXEC);
    if (file->fd < 0 || fstat(file->fd, &info) < 0)
        return set_errno_error(error, errno, "%s", file->path);
    file->size = info.st_size;
    if (file->range > 0) {
        n = (file->size + file->range - 1) / file->range;
        file->zeros = n > 1 ? zeros_of(file->range) : NULL;
    } else {
        file->range = MAX(file->size, 1);
    }
    file->hex = g_malloc0((gsize)n * DIGEST_HEX + 1);
    return hash_ranges(file, n, error);
}

char *digest_file(const char *path, gint64 range, int cancel_fd, GError **error)
{
    g_autoptr(File) file = g_atomic_rc_box_new0(File);

    file->path = g_strdup(path);
    file->fd = -1;
    file->cancel_fd = cancel_fd;
    file->range = range;
    g_mutex_init(&file->lock);
    return stall_call(hash_file, file, file_clear, &file->steps, path, cancel_fd, error)
               ? g_steal_pointer(&file->hex)
               : NULL;
}

gint64 digest_difference(const char *a, const char *b)
{
    gint64 index = 0;

    for (;; a += DIGEST_HEX, b += DIGEST_HEX, index++) {
        gsize left = strnlen(a, DIGEST_HEX), right = strnlen(b, DIGEST_HEX);

        if (left != right || strncmp(a, b, DIGEST_HEX) != 0)
            return index;
        if (left < DIGEST_HEX)
            return -1;
    }
}
