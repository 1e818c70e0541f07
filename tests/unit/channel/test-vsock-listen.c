/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <linux/vm_sockets.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "channel/channel.h"
#include "tests/unit/kit/kit.h"

/* Who may connect over vsock; by the kernel's loopback, where it has one. */

#define PORT 47113

typedef struct {
    guint opened;
    guint frames;
} Seen;

static void on_opened(Conn *conn, gpointer data)
{
    g_assert_true(g_str_has_prefix(conn_name(conn), "vsock:"));
    ((Seen *)data)->opened++;
}

static void on_frame(Conn *conn, Frame *frame, gpointer data)
{
    (void)conn;
    ((Seen *)data)->frames++;
    g_free(frame->data);
}

static void ignore(Conn *conn, gpointer data)
{
    (void)conn;
    (void)data;
}

static void on_state(Channel *channel, ChannelState state, const GError *why, gpointer data)
{
    (void)channel;
    (void)state;
    (void)why;
    (void)data;
}

static const ChannelEvents events = {
    .conn = { on_opened, on_frame, ignore, ignore },
    .state = on_state,
};

/* A connection to ourselves, or -1. */
static int connect_locally(void)
{
    const struct sockaddr_vm address = {
        .svm_family = AF_VSOCK,
        .svm_cid = VMADDR_CID_LOCAL,
        .svm_port = PORT,
    };
    int fd = socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static gboolean turned_away(int fd)
{
    char byte;

    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void check(const char *peers, gboolean welcome)
{
    g_autofree char *path = g_strdup_printf("%u:%u", VMADDR_CID_ANY, PORT);
    ChannelConfig config = {
        .method = "vsock-listen",
        .path = path,
        .listen_fd = -1,
        .peers = peers,
    };
    Seen seen = { 0 };
    Channel *channel = channel_open(&config, &events, &seen, NULL);
    int fd = channel ? connect_locally() : -1;

    if (fd < 0) {
        g_test_skip("no vsock loopback");
    } else if (welcome) {
        g_assert_cmpint(write(fd, "{}", 2), ==, 2);
        WAIT_UNTIL(seen.frames == 1);
    } else {
        WAIT_ELSEWHERE(turned_away(fd));
        g_assert_cmpuint(seen.opened, ==, 0);
    }
    if (fd >= 0)
        close(fd);
    channel_close(channel);
}

static void test_listed(void)
{
    check("2, 1", TRUE);
}

static void test_any(void)
{
    check("any", TRUE);
}

static void test_not_listed(void)
{
    check("2", FALSE);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    g_test_add_func("/vsock-listen/listed", test_listed);
    g_test_add_func("/vsock-listen/any", test_any);
    g_test_add_func("/vsock-listen/not-listed", test_not_listed);
    return g_test_run();
}
