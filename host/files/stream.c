/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/stream.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/files/stream-frame.h"
#include "host/guest/program.h"
#include "lib/errors.h"

/* A disk of the host that hangs holds the appliance up, too. */
#define SILENCE_MS (60 * 1000)
#define BUFFER_BYTES (256 * 1024)
/* What an earlier reader can have left in QEMU and the appliance. */
#define MOST_LEFT (256 << 20)
/* A record is a name and a target, of which a filesystem has at most so much. */
#define MOST_RECORD (2 << 20)

typedef struct {
    Vm *vm;
    int socket, fd;
    gboolean sparse;
    char *buffer;
    const char *ahead; /* in the buffer: read together with the token */
    gsize n_ahead;
    gint64 at; /* where the target's next byte goes */
    gint64 total;
    Progress *progress;
} Stream;

static int connect_to(const char *path, GError **error)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (strlen(path) >= sizeof address.sun_path)
        errno = ENAMETOOLONG;
    else if (fd >= 0 && (g_strlcpy(address.sun_path, path, sizeof address.sun_path),
                         connect(fd, (struct sockaddr *)&address, sizeof address) == 0))
        return fd;
    set_errno_error(error, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Up to @len bytes, at least one. */
static gssize receive(Stream *stream, char *to, gsize len, GError **error)
{
    Deadline deadline = deadline_in(SILENCE_MS, stream->vm->context->cancel_fd);
    ssize_t n;

    if (stream->n_ahead > 0) {
        n = (ssize_t)MIN(len, stream->n_ahead);
        memmove(to, stream->ahead, (gsize)n);
        stream->ahead += n;
        stream->n_ahead -= (gsize)n;
        return n;
    }
    if (!deadline_poll(&deadline, stream->socket, POLLIN, error)) {
        g_prefix_error(error, "waiting for data of the appliance: ");
        return -1;
    }
    n = read(stream->socket, to, len);
    if (n > 0)
        return n;
    if (n < 0)
        set_errno_error(error, errno, "reading from the appliance");
    else
        set_error(error, "the appliance ended");
    return -1;
}

static gboolean receive_all(Stream *stream, gpointer to, gsize len, GError **error)
{
    for (gsize got = 0; got < len;) {
        gssize n = receive(stream, (char *)to + got, len - got, error);

        if (n < 0)
            return FALSE;
        got += (gsize)n;
    }
    return TRUE;
}

/* Drops what comes before the token, which may be in two pieces; what comes after it is ahead. */
static gboolean skip_to(Stream *stream, const char *token, GError **error)
{
    gsize kept = 0;

    for (gint64 skipped = 0; skipped < MOST_LEFT;) {
        gssize n = receive(stream, stream->buffer + kept, BUFFER_BYTES - kept, error);
        const char *found;

        if (n < 0)
            return FALSE;
        skipped += n;
        kept += (gsize)n;
        found = memmem(stream->buffer, kept, token, STREAM_TOKEN);
        if (found) {
            stream->ahead = found + STREAM_TOKEN;
            stream->n_ahead = kept - (gsize)(stream->ahead - stream->buffer);
            return TRUE;
        }
        n = (gssize)MIN(kept, STREAM_TOKEN - 1);
        memmove(stream->buffer, stream->buffer + kept - n, (gsize)n);
        kept = (gsize)n;
    }
    return set_error(error, "the appliance sends something else");
}

static gboolean write_all(int fd, const char *data, gsize len, GError **error)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n < 0 && errno != EINTR)
            return set_errno_error(error, errno, "writing");
        data += MAX(n, 0);
        len -= (gsize)MAX(n, 0);
    }
    return TRUE;
}

/* Moves to @offset of the file with a hole, or with zeros. */
static gboolean go_to(Stream *stream, gint64 offset, GError **error)
{
    static const char zeros[64 * 1024];

    if (offset < stream->at)
        return set_error(error, "the appliance sends the file in the wrong order");
    if (stream->sparse && offset > stream->at) {
        if (lseek(stream->fd, offset, SEEK_SET) < 0)
            return set_errno_error(error, errno, "seeking");
        stream->at = offset;
    }
    while (stream->at < offset) {
        gsize n = (gsize)MIN(offset - stream->at, (gint64)sizeof zeros);

        if (!write_all(stream->fd, zeros, n, error))
            return FALSE;
        stream->at += (gint64)n;
    }
    return TRUE;
}

static gboolean take_data(Stream *stream, const StreamFrame *frame, GError **error)
{
    gint64 left = frame->b;

    if (frame->a < 0 || left <= 0 || left > STREAM_PIECE || frame->a > G_MAXINT64 - left)
        return set_error(error, "the appliance sent an invalid frame");
    if (frame->a != stream->at && !go_to(stream, frame->a, error))
        return FALSE;
    while (left > 0) {
        gssize n = receive(stream, stream->buffer, (gsize)MIN(left, BUFFER_BYTES), error);

        if (n < 0 || !write_all(stream->fd, stream->buffer, (gsize)n, error))
            return FALSE;
        left -= n;
        stream->at += n;
    }
    if (stream->progress)
        progress_update(stream->progress, stream->at, stream->total);
    return TRUE;
}

static gboolean take_end(Stream *stream, const StreamFrame *frame, GError **error)
{
    if (frame->b)
        return set_errno_error(error, (int)frame->b, "the file cannot be read in the appliance");
    if (!stream->sparse)
        return go_to(stream, frame->a, error);
    if (frame->a < stream->at)
        return set_error(error, "the appliance sent more than the file");
    stream->at = frame->a;
    return ftruncate(stream->fd, frame->a) == 0 || set_errno_error(error, errno, "writing");
}

static gboolean take_file(Stream *stream, GError **error)
{
    StreamFrame frame;

    for (;;) {
        if (!receive_all(stream, &frame, sizeof frame, error))
            return FALSE;
        if (frame.kind == STREAM_END)
            return take_end(stream, &frame, error);
        if (frame.kind != STREAM_DATA)
            return set_error(error, "the appliance sent an invalid frame");
        if (!take_data(stream, &frame, error))
            return FALSE;
    }
}

/* A token that no file holds by chance; the caller's. */
static char *new_token(void)
{
    GString *token = g_string_new("#");

    while (token->len < STREAM_TOKEN)
        g_string_append_printf(token, "%x", g_random_int_range(0, 16));
    return g_string_free(token, FALSE);
}

static gboolean take_content(Stream *stream, const StreamTree *tree, gpointer tree_data,
                             const Entry *entry, int fd, gint64 *done, GError **error)
{
    gboolean ok;

    stream->fd = fd;
    stream->at = 0;
    ok = take_file(stream, error);
    *done += stream->at;
    return tree->content(tree_data, entry, fd, ok, ok ? error : NULL) && ok;
}

static gboolean take_entry(Stream *stream, const StreamTree *tree, gpointer tree_data, gint64 len,
                           gint64 *done, GError **error)
{
    g_autofree char *text = len > 0 && len <= MOST_RECORD ? g_malloc((gsize)len) : NULL;
    const char *at = text;
    Entry *entry;
    gboolean ok;
    int fd = -1;

    if (!text)
        return set_error(error, "the appliance sent an invalid frame");
    if (!receive_all(stream, text, (gsize)len, error))
        return FALSE;
    entry = entry_take(&at, text + len);
    if (!entry)
        return set_error(error, "the appliance sent an invalid record");
    ok = tree->entry(tree_data, entry, &fd, error) &&
         (fd < 0 || take_content(stream, tree, tree_data, entry, fd, done, error));
    entry_free(entry);
    return ok;
}

static gboolean take_tree(Stream *stream, const StreamTree *tree, gpointer tree_data, gint64 *done,
                          GError **error)
{
    StreamFrame frame;

    for (;;) {
        if (!receive_all(stream, &frame, sizeof frame, error))
            return FALSE;
        if (frame.kind == STREAM_FINISH)
            return TRUE;
        if (frame.kind != STREAM_ENTRY)
            return set_error(error, "the appliance sent an invalid frame");
        if (!take_entry(stream, tree, tree_data, frame.a, done, error))
            return FALSE;
    }
}

/* Starts to send @path, and is at the first frame then. */
static gboolean begin(Stream *stream, Program *program, const char *data, const char *kind,
                      const char *path, GError **error)
{
    g_autoptr(HostRequest) request = request_new("guest-exec");
    g_autofree char *token = new_token();

    stream->socket = connect_to(data, error);
    if (stream->socket < 0)
        return FALSE;
    stream->buffer = g_malloc(BUFFER_BYTES);
    request_string(request, "path", "/dev/ld.so");
    request_strings(request, "arg", (const char *const[]){ "--inhibit-cache", "--library-path",
                                                           "/dev/lib", "/dev/walk", kind, path,
                                                           token, NULL });
    request_bool(request, "capture-output", TRUE);
    return program_start(program, request, error) && skip_to(stream, token, error);
}

static void end(Stream *stream)
{
    g_free(stream->buffer);
    if (stream->socket >= 0)
        close(stream->socket);
}

gboolean stream_file(Vm *vm, const char *data, const char *path, int fd, gboolean sparse,
                     gint64 total, Progress *progress, gint64 *done, GError **error)
{
    Stream stream = { .vm = vm, .fd = fd, .sparse = sparse, .total = total,
                      .progress = progress };
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) err = g_string_new(NULL);
    Program program = { .vm = vm, .kept = { out, err } };
    gboolean ok = begin(&stream, &program, data, "send", path, error) &&
                  take_file(&stream, error) && program_await(&program, error);

    *done = stream.at;
    end(&stream);
    return ok;
}

gboolean stream_tree(Vm *vm, const char *data, const char *path, const StreamTree *tree,
                     gpointer tree_data, gint64 *done, GError **error)
{
    Stream stream = { .vm = vm, .sparse = TRUE };
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) err = g_string_new(NULL);
    Program program = { .vm = vm, .kept = { out, err } };
    gboolean ok;

    *done = 0;
    ok = begin(&stream, &program, data, "copy", path, error) &&
         take_tree(&stream, tree, tree_data, done, error) && program_await(&program, error);
    end(&stream);
    return ok;
}
