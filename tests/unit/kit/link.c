/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel/fd-source.h"
#include "tests/unit/kit/kit.h"

struct Link {
    int host_fd;
    int agent_fd;
    FdSource *host_source;
    FdSource *agent_source;
    Conn *conn;
    gboolean deaf; /* the host does not read */
    GString *unsaid;
    GString *received;
};

static void end_conn(Link *link)
{
    g_clear_pointer(&link->agent_source, fd_source_free);
    g_clear_pointer(&link->conn, conn_free);
}

/* As a channel does it. */
static void on_agent_ready(GIOCondition condition, gpointer data)
{
    Link *link = data;
    ConnStatus status;

    (void)condition;
    conn_flush(link->conn);
    status = conn_receive(link->conn);
    if (status == CONN_END || status == CONN_FAILED) {
        end_conn(link);
        return;
    }
    if (status == CONN_MORE)
        fd_source_wake(link->agent_source);
    fd_source_watch(link->agent_source, (conn_may_read(link->conn) ? G_IO_IN : 0) |
                                            (conn_has_output(link->conn) ? G_IO_OUT : 0));
}

static void on_wants_io(Conn *conn, gpointer data)
{
    Link *link = data;

    (void)conn;
    fd_source_wake(link->agent_source);
}

static void watch_host(Link *link)
{
    fd_source_watch(link->host_source,
                    (link->deaf ? 0 : G_IO_IN) | (link->unsaid->len ? G_IO_OUT : 0));
}

static void say_more(Link *link)
{
    ssize_t n = write(link->host_fd, link->unsaid->str, link->unsaid->len);

    if (n > 0)
        g_string_erase(link->unsaid, 0, n);
    else
        g_assert_cmpint(errno, ==, EAGAIN);
}

static void on_host_ready(GIOCondition condition, gpointer data)
{
    Link *link = data;
    char buffer[65536];
    ssize_t n;

    (void)condition;
    if (link->unsaid->len)
        say_more(link);
    n = link->deaf ? -1 : read(link->host_fd, buffer, sizeof buffer);
    if (n > 0)
        g_string_append_len(link->received, buffer, n);
    else if (n == 0)
        link->deaf = TRUE;
    watch_host(link);
}

Link *link_new(const char *name, const ConnEvents *events, gpointer data)
{
    Link *link = g_new0(Link, 1);
    int fds[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), ==, 0);
    link->host_fd = fds[0];
    link->agent_fd = fds[1];
    link->unsaid = g_string_new(NULL);
    link->received = g_string_new(NULL);
    link->host_source = fd_source_new(fds[0], G_IO_IN, on_host_ready, link);
    link->agent_source = fd_source_new(fds[1], G_IO_IN, on_agent_ready, link);
    link->conn = conn_new(fds[1], name, events, data);
    conn_set_wants_io(link->conn, on_wants_io, link);
    conn_begin(link->conn);
    return link;
}

void link_free(Link *link)
{
    end_conn(link);
    fd_source_free(link->host_source);
    if (link->host_fd >= 0)
        close(link->host_fd);
    close(link->agent_fd);
    g_string_free(link->unsaid, TRUE);
    g_string_free(link->received, TRUE);
    g_free(link);
}

void link_say(Link *link, const char *text)
{
    g_string_append(link->unsaid, text);
    say_more(link);
    watch_host(link);
}

void link_sayf(Link *link, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list args;

    va_start(args, format);
    text = g_strdup_vprintf(format, args);
    va_end(args);
    link_say(link, text);
}

void link_listen(Link *link, gboolean listen)
{
    link->deaf = !listen;
    watch_host(link);
}

void link_hang_up(Link *link)
{
    g_clear_pointer(&link->host_source, fd_source_free);
    close(link->host_fd);
    link->host_fd = -1;
    WAIT_UNTIL(!link->conn);
}

guint link_lines(Link *link)
{
    guint lines = 0;

    for (gsize i = 0; i < link->received->len; i++)
        lines += link->received->str[i] == '\n';
    return lines;
}

char *link_take(Link *link)
{
    char *line;
    gsize len;

    WAIT_UNTIL(memchr(link->received->str, '\n', link->received->len));
    len = strcspn(link->received->str, "\n");
    line = g_strndup(link->received->str, len);
    g_string_erase(link->received, 0, (gssize)len + 1);
    return line;
}

void link_expect(Link *link, const char *wanted)
{
    g_autofree char *line = link_take(link);

    g_assert_cmpstr(line, ==, wanted);
}

void link_expectf(Link *link, const char *format, ...)
{
    g_autofree char *wanted = NULL;
    va_list args;

    va_start(args, format);
    wanted = g_strdup_vprintf(format, args);
    va_end(args);
    link_expect(link, wanted);
}

void link_expect_silence(Link *link)
{
    kit_run_ready();
    g_assert_cmpstr(link->received->str, ==, "");
}

Conn *link_conn(Link *link)
{
    return link->conn;
}
