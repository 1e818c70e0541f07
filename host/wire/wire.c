/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/wire/wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <linux/vm_sockets.h>

#include "lib/errors.h"

#define UNIX_PREFIX "unix:"
#define VSOCK_PREFIX "vsock:"
#define HYBRID_PREFIX "hybrid-vsock:"
#define READ_BYTES (256 * 1024)
/* The answer to CONNECT is "OK <port>". */
#define MAX_GREETING 64

struct Wire {
    int fd;
    Framer *framer;
    char *buffer;
    gsize start, end; /* what was read and is not yet framed */
};

typedef struct {
    struct sockaddr_storage address;
    socklen_t len;
    guint hybrid_port; /* 0: none */
} Endpoint;

static gboolean parse_number(const char *text, guint64 max, guint *number)
{
    guint64 value;

    if (!g_ascii_string_to_unsigned(text, 10, 0, max, &value, NULL))
        return FALSE;
    *number = (guint)value;
    return TRUE;
}

static gboolean set_path(Endpoint *to, const char *path, GError **error)
{
    struct sockaddr_un *un = (struct sockaddr_un *)&to->address;

    if (!*path || strlen(path) >= sizeof un->sun_path)
        return set_error(error, "invalid socket path '%s': it must have 1 to %zu bytes", path,
                         sizeof un->sun_path - 1);
    un->sun_family = AF_UNIX;
    g_strlcpy(un->sun_path, path, sizeof un->sun_path);
    to->len = sizeof *un;
    return TRUE;
}

static gboolean set_vsock(Endpoint *to, const char *text, GError **error)
{
    struct sockaddr_vm *vm = (struct sockaddr_vm *)&to->address;
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    guint cid, port;

    if (g_strv_length(parts) != 2 || !parse_number(parts[0], G_MAXUINT32, &cid) ||
        !parse_number(parts[1], G_MAXUINT32, &port))
        return set_error(error, "invalid address 'vsock:%s': must be vsock:CID:PORT", text);
    vm->svm_family = AF_VSOCK;
    vm->svm_cid = cid;
    vm->svm_port = port;
    to->len = sizeof *vm;
    return TRUE;
}

static gboolean set_hybrid(Endpoint *to, const char *text, GError **error)
{
    const char *colon = strrchr(text, ':');
    g_autofree char *path = colon ? g_strndup(text, (gsize)(colon - text)) : NULL;

    if (!colon || !parse_number(colon + 1, G_MAXUINT32, &to->hybrid_port) || !to->hybrid_port)
        return set_error(error, "invalid address 'hybrid-vsock:%s': must be hybrid-vsock:PATH:PORT", text);
    return set_path(to, path, error);
}

static gboolean resolve(const char *address, Endpoint *to, GError **error)
{
    *to = (Endpoint){ .len = 0 };
    if (g_str_has_prefix(address, VSOCK_PREFIX))
        return set_vsock(to, address + strlen(VSOCK_PREFIX), error);
    if (g_str_has_prefix(address, HYBRID_PREFIX))
        return set_hybrid(to, address + strlen(HYBRID_PREFIX), error);
    if (g_str_has_prefix(address, UNIX_PREFIX))
        address += strlen(UNIX_PREFIX);
    return set_path(to, address, error);
}

gboolean wire_address_check(const char *address, GError **error)
{
    Endpoint to;

    return resolve(address, &to, error);
}

static gboolean unreachable(const char *address, int errnum, GError **error)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE, "cannot connect to %s: %s", address,
                g_strerror(errnum));
    return FALSE;
}

/* A unix socket whose backlog is full refuses with EAGAIN at once; then it is tried again. */
static gboolean connect_to(Wire *wire, const char *address, const Endpoint *to,
                           const Deadline *deadline, GError **error)
{
    int failure = 0;
    socklen_t len = sizeof failure;

    wire->fd = socket(to->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (wire->fd < 0)
        return unreachable(address, errno, error);
    if (to->address.ss_family == AF_UNIX) {
        /* Blocks while the backlog is full, as long as SO_SNDTIMEO says. */
        gint64 left = deadline_left_ms(deadline);
        struct timeval wait = { left / 1000, left % 1000 * 1000 + 1 };

        setsockopt(wire->fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof wait);
        if (connect(wire->fd, (const struct sockaddr *)&to->address, to->len) < 0)
            return unreachable(address, errno == EAGAIN ? ETIMEDOUT : errno, error);
        return fcntl(wire->fd, F_SETFL, O_NONBLOCK) == 0;
    }
    fcntl(wire->fd, F_SETFL, O_NONBLOCK);
    if (connect(wire->fd, (const struct sockaddr *)&to->address, to->len) == 0)
        return TRUE;
    if (errno != EINPROGRESS)
        return unreachable(address, errno, error);
    if (!deadline_poll(deadline, wire->fd, POLLOUT, error))
        return FALSE;
    getsockopt(wire->fd, SOL_SOCKET, SO_ERROR, &failure, &len);
    return !failure || unreachable(address, failure, error);
}

/* The line a hybrid socket answers with must be taken byte by byte: what follows is the agent's. */
static gboolean connect_port(Wire *wire, const char *address, guint port, const Deadline *deadline,
                             GError **error)
{
    g_autofree char *request = g_strdup_printf("CONNECT %u\n", port);
    char line[MAX_GREETING + 1] = "";
    gsize len = 0;

    if (!wire_send(wire, request, strlen(request), deadline, error))
        return FALSE;
    while (len < MAX_GREETING && !strchr(line, '\n')) {
        if (!deadline_poll(deadline, wire->fd, POLLIN, error))
            return FALSE;
        if (read(wire->fd, line + len, 1) != 1)
            break;
        len++;
    }
    if (g_str_has_prefix(line, "OK ") && strchr(line, '\n'))
        return TRUE;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE,
                "%s: nothing listens on port %u in the guest", address, port);
    return FALSE;
}

static Wire *wire_new(int fd)
{
    Wire *wire = g_new0(Wire, 1);

    wire->fd = fd;
    wire->framer = framer_new();
    wire->buffer = g_malloc(READ_BYTES);
    return wire;
}

Wire *wire_open_fd(int fd)
{
    fcntl(fd, F_SETFL, O_NONBLOCK);
    return wire_new(fd);
}

Wire *wire_open(const char *address, const Deadline *deadline, GError **error)
{
    g_autoptr(Wire) wire = wire_new(-1);
    Endpoint to;

    if (!resolve(address, &to, error) || !connect_to(wire, address, &to, deadline, error))
        return NULL;
    if (to.hybrid_port && !connect_port(wire, address, to.hybrid_port, deadline, error))
        return NULL;
    return g_steal_pointer(&wire);
}

void wire_close(Wire *wire)
{
    if (!wire)
        return;
    if (wire->fd >= 0)
        close(wire->fd);
    framer_free(wire->framer);
    g_free(wire->buffer);
    g_free(wire);
}

static gboolean hung_up(int errnum, GError **error)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE, "the connection ended%s%s",
                errnum ? ": " : "", errnum ? g_strerror(errnum) : "");
    return FALSE;
}

gboolean wire_send(Wire *wire, const char *text, gsize len, const Deadline *deadline,
                   GError **error)
{
    while (len > 0) {
        ssize_t n = send(wire->fd, text, len, MSG_NOSIGNAL);

        if (n >= 0) {
            text += n;
            len -= (gsize)n;
        } else if (errno == EAGAIN) {
            if (!deadline_poll(deadline, wire->fd, POLLOUT, error))
                return FALSE;
        } else if (errno != EINTR) {
            return hung_up(errno, error);
        }
    }
    return TRUE;
}

/* Returns FALSE with @error set at the end of the stream or of the limit. */
static gboolean fill_buffer(Wire *wire, const Deadline *deadline, GError **error)
{
    ssize_t n;

    do {
        n = read(wire->fd, wire->buffer, READ_BYTES);
        if (n < 0 && errno == EAGAIN && !deadline_poll(deadline, wire->fd, POLLIN, error))
            return FALSE;
    } while (n < 0 && (errno == EAGAIN || errno == EINTR));
    if (n <= 0)
        return hung_up(n < 0 ? errno : 0, error);
    wire->start = 0;
    wire->end = (gsize)n;
    return TRUE;
}

gboolean wire_receive(Wire *wire, Frame *frame, const Deadline *deadline, GError **error)
{
    for (;;) {
        wire->start += framer_push(wire->framer, wire->buffer + wire->start,
                                   wire->end - wire->start, frame);
        if (frame->kind != FRAME_NONE)
            return TRUE;
        if (wire->start == wire->end && !fill_buffer(wire, deadline, error))
            return FALSE;
    }
}
