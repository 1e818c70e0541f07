/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/qcow2-header.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/errors.h"

#define MAGIC "QFI\xfb"
/* Offsets of big-endian numbers in the header. */
#define AT_VERSION 4
#define AT_BACKING_OFFSET 8
#define AT_BACKING_LEN 16
#define AT_SIZE 24
#define AT_INCOMPATIBLE 72 /* from version 3 on */
#define AT_HEADER_LENGTH 100  /* likewise */
#define HEADER_BYTES 104
#define VERSION_2_HEADER_BYTES 72
/* Header extensions: a number for the type, one for the length, and data padded to 8 bytes. */
#define EXTENSION_END 0
#define EXTENSION_BACKING_FORMAT 0xe2792aca
#define MAX_FORMAT 64
#define MAX_EXTENSIONS 64
/* The names are no longer. */
#define MAX_BACKING 1023
#define INCOMPATIBLE_EXTERNAL_DATA (1 << 2)

static guint32 number32(const guint8 *at)
{
    guint32 value;

    memcpy(&value, at, sizeof value);
    return GUINT32_FROM_BE(value);
}

static guint64 number64(const guint8 *at)
{
    guint64 value;

    memcpy(&value, at, sizeof value);
    return GUINT64_FROM_BE(value);
}

static gboolean read_backing(int fd, const guint8 *raw, Qcow2Header *header)
{
    guint64 offset = number64(raw + AT_BACKING_OFFSET);
    guint32 len = number32(raw + AT_BACKING_LEN);

    if (offset == 0)
        return TRUE;
    if (len == 0 || len > MAX_BACKING || offset > G_MAXINT32)
        return FALSE;
    header->backing = g_malloc0(len + 1);
    return pread(fd, header->backing, len, (off_t)offset) == (ssize_t)len &&
           strlen(header->backing) == len;
}

/* The extensions are between the header and the name of the backing file. */
static gboolean read_backing_format(int fd, const guint8 *raw, Qcow2Header *header)
{
    guint64 at = header->version == 2 ? VERSION_2_HEADER_BYTES : number32(raw + AT_HEADER_LENGTH);
    guint64 end = number64(raw + AT_BACKING_OFFSET);

    if (header->version == 3 && at < HEADER_BYTES)
        return FALSE;
    for (guint i = 0; i < MAX_EXTENSIONS && at + 8 <= end; i++) {
        guint8 head[8];
        guint32 type, len;

        if (pread(fd, head, sizeof head, (off_t)at) != (ssize_t)sizeof head)
            return FALSE;
        type = number32(head);
        len = number32(head + 4);
        at += sizeof head;
        if (type == EXTENSION_END)
            return TRUE;
        if (type == EXTENSION_BACKING_FORMAT) {
            if (len > MAX_FORMAT)
                return FALSE;
            header->backing_format = g_malloc0(len + 1);
            return pread(fd, header->backing_format, len, (off_t)at) == (ssize_t)len;
        }
        at += ((guint64)len + 7) & ~(guint64)7;
    }
    return TRUE;
}

static gboolean read_header(int fd, Qcow2Header *header)
{
    guint8 raw[HEADER_BYTES] = { 0 };
    ssize_t n = pread(fd, raw, sizeof raw, 0);

    if (n < VERSION_2_HEADER_BYTES || memcmp(raw, MAGIC, strlen(MAGIC)) != 0)
        return FALSE;
    header->version = number32(raw + AT_VERSION);
    if (header->version != 2 && header->version != 3)
        return FALSE;
    header->virtual_size = (gint64)number64(raw + AT_SIZE);
    header->external_data = header->version == 3 &&
                            (number64(raw + AT_INCOMPATIBLE) & INCOMPATIBLE_EXTERNAL_DATA);
    return header->virtual_size >= 0 && read_backing(fd, raw, header) &&
           (!header->backing || read_backing_format(fd, raw, header));
}

gboolean qcow2_header_read(const char *path, Qcow2Header *header, GError **error)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    gboolean ok;

    *header = (Qcow2Header){ 0 };
    if (fd < 0)
        return set_errno_error(error, errno, "%s", path);
    ok = read_header(fd, header) || set_error(error, "%s is not a valid qcow2 image", path);
    close(fd);
    if (!ok)
        qcow2_header_clear(header);
    return ok;
}

void qcow2_header_clear(Qcow2Header *header)
{
    g_clear_pointer(&header->backing, g_free);
    g_clear_pointer(&header->backing_format, g_free);
}
