/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/metrics/http.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <gio/gio.h>

#include "lib/errors.h"

#define BACKLOG 64
/* Served at once; others wait in the backlog. */
#define MAX_CLIENTS 16
#define MAX_REQUEST 16384
/* For a request to come, and for an answer to be taken. */
#define CLIENT_MS 5000
#define TIMEOUT_HEADER "X-Prometheus-Scrape-Timeout-Seconds:"

typedef struct {
    HttpPage page;
    gpointer data;
    int cancel_fd;
    gint busy;   /* clients that are served */
    int left_fd; /* readable once one of them has left */
} Server;

int http_listen(const char *address, guint16 *port, GError **error)
{
    g_autoptr(GSocketConnectable) parsed = g_network_address_parse(address, 0, NULL);
    const char *host = parsed ? g_network_address_get_hostname(G_NETWORK_ADDRESS(parsed)) : NULL;
    guint16 wanted = parsed ? g_network_address_get_port(G_NETWORK_ADDRESS(parsed)) : 0;
    g_autoptr(GSocketAddress) to = host ? g_inet_socket_address_new_from_string(host, wanted) : NULL;
    struct sockaddr_storage native;
    socklen_t len = sizeof native;
    int fd, yes = 1;

    if (!to || !strchr(address, ':')) {
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "'%s': say ADDRESS:PORT, in numbers",
                    address);
        return -1;
    }
    g_socket_address_to_native(to, &native, sizeof native, NULL);
    fd = socket(native.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (fd < 0 || bind(fd, (struct sockaddr *)&native, (socklen_t)g_socket_address_get_native_size(to)) < 0 ||
        listen(fd, BACKLOG) < 0 || getsockname(fd, (struct sockaddr *)&native, &len) < 0) {
        set_errno_error(error, errno, "cannot listen on %s", address);
        if (fd >= 0)
            close(fd);
        return -1;
    }
    g_object_unref(g_steal_pointer(&to));
    to = g_socket_address_new_from_native(&native, len);
    *port = g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(to));
    return fd;
}

/* The request up to the empty line; FALSE if it does not come. */
static gboolean read_request(int fd, const Deadline *deadline, GString *request)
{
    char piece[2048];

    while (!strstr(request->str, "\r\n\r\n")) {
        ssize_t n;

        if (request->len > MAX_REQUEST || !deadline_poll(deadline, fd, POLLIN, NULL))
            return FALSE;
        n = read(fd, piece, sizeof piece);
        if (n <= 0)
            return FALSE;
        g_string_append_len(request, piece, n);
        if (strlen(request->str) != request->len)
            return FALSE;
    }
    return TRUE;
}

static void send_all(int fd, const char *data, gsize len, const Deadline *deadline)
{
    while (len > 0 && deadline_poll(deadline, fd, POLLOUT, NULL)) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return;
        data += MAX(n, 0);
        len -= (gsize)MAX(n, 0);
    }
}

static void answer(int fd, int status, const char *body, gsize len, gboolean head,
                   const Deadline *deadline)
{
    const char *reason = status == 200   ? "OK"
                         : status == 404 ? "Not Found"
                         : status == 405 ? "Method Not Allowed"
                         : status == 503 ? "Service Unavailable"
                                         : "Bad Request";
    g_autofree char *headers = g_strdup_printf(
        "HTTP/1.1 %d %s\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"
        "Content-Length: %zu\r\nConnection: close\r\n\r\n", status, reason, len);

    send_all(fd, headers, strlen(headers), deadline);
    if (!head)
        send_all(fd, body, len, deadline);
}

/* The seconds in Prometheus' header, as milliseconds; 0: none. */
static gint64 budget_of(const char *request)
{
    g_auto(GStrv) lines = g_strsplit(request, "\r\n", -1);

    for (char **line = lines; *line; line++)
        if (g_ascii_strncasecmp(*line, TIMEOUT_HEADER, strlen(TIMEOUT_HEADER)) == 0)
            return (gint64)(CLAMP(g_ascii_strtod(*line + strlen(TIMEOUT_HEADER), NULL), 0, 3600) *
                            1000);
    return 0;
}

static void respond(const Server *server, int fd, const char *request)
{
    g_auto(GStrv) words = g_strsplit_set(request, " \r", 4);
    gboolean head = g_str_equal(words[0], "HEAD");
    g_autoptr(GString) body = NULL;
    Deadline deadline;
    int status = 200;

    if (g_strv_length(words) < 4 || !g_str_has_prefix(words[2], "HTTP/1."))
        status = 400;
    else if (!head && !g_str_equal(words[0], "GET"))
        status = 405;
    else
        body = server->page(words[1], budget_of(request), &status, server->data);
    if (!body) {
        body = g_string_new(NULL);
        g_string_printf(body, "%d\n", status = status == 200 ? 404 : status);
    }
    deadline = deadline_in(CLIENT_MS, server->cancel_fd);
    answer(fd, status, body->str, body->len, head, &deadline);
}

static void serve_one(gpointer data, gpointer user)
{
    Server *server = user;
    int fd = GPOINTER_TO_INT(data) - 1;
    g_autoptr(GString) request = g_string_new(NULL);
    Deadline deadline = deadline_in(CLIENT_MS, server->cancel_fd);
    guint64 one = 1;
    ssize_t n;

    if (read_request(fd, &deadline, request))
        respond(server, fd, request->str);
    close(fd);
    g_atomic_int_add(&server->busy, -1);
    n = write(server->left_fd, &one, sizeof one);
    (void)n; /* it can only be full of them already */
}

/* Waits until a client has left since the last call; FALSE with @error set if it is to end. */
static gboolean await_leave(const Server *server, const Deadline *deadline, GError **error)
{
    guint64 left;

    if (!deadline_poll(deadline, server->left_fd, POLLIN, error))
        return FALSE;
    return read(server->left_fd, &left, sizeof left) == sizeof left ||
           set_errno_error(error, errno, "clients that leave");
}

static gboolean serve_next(Server *server, int listener, GThreadPool *pool, GError **error)
{
    Deadline deadline = deadline_in(G_MAXINT32, server->cancel_fd);
    int fd;

    while (g_atomic_int_get(&server->busy) >= MAX_CLIENTS)
        if (!await_leave(server, &deadline, error))
            return FALSE;
    if (!deadline_poll(&deadline, listener, POLLIN, error))
        return FALSE;
    fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (fd >= 0) {
        g_atomic_int_inc(&server->busy);
        g_thread_pool_push(pool, GINT_TO_POINTER(fd + 1), NULL);
        return TRUE;
    }
    if (errno != EMFILE && errno != ENFILE)
        return TRUE; /* it has left again */
    /* Those that are served have agents' sockets open besides their own. */
    if (g_atomic_int_get(&server->busy) > 0)
        return await_leave(server, &deadline, error);
    return set_errno_error(error, errno, "a client");
}

gboolean http_serve(int listener, int cancel_fd, HttpPage page, gpointer data, GError **error)
{
    Server server = { page, data, cancel_fd, 0, eventfd(0, EFD_CLOEXEC) };
    GThreadPool *pool = g_thread_pool_new(serve_one, &server, MAX_CLIENTS, FALSE, error);
    gboolean ok = pool != NULL;

    while (ok)
        ok = serve_next(&server, listener, pool, error);
    if (pool)
        g_thread_pool_free(pool, FALSE, TRUE);
    close(server.left_fd);
    return ok;
}
