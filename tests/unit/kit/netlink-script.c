/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/netlink-script.h"

#include <arpa/inet.h>
#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_BYTES 8192

static int kernel_end, agent_end;
static int refusal;

Datagram datagram_new(guint32 sequence, guint16 flags)
{
    return (Datagram){ g_byte_array_new(), sequence, flags };
}

void datagram_clear(Datagram *datagram)
{
    g_clear_pointer(&datagram->bytes, g_byte_array_unref);
}

static struct nlmsghdr *begin(const Datagram *datagram, char *buffer, int type)
{
    struct nlmsghdr *message;

    memset(buffer, 0, MESSAGE_BYTES);
    message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = (guint16)type;
    message->nlmsg_flags = datagram->flags | NLM_F_MULTI;
    message->nlmsg_seq = datagram->sequence;
    return message;
}

static void finish(Datagram *datagram, const struct nlmsghdr *message)
{
    g_byte_array_append(datagram->bytes, (const guint8 *)message,
                        NLMSG_ALIGN(message->nlmsg_len));
}

void datagram_link(Datagram *datagram, int index, const char *name, const void *hardware,
                   gsize hardware_len, const struct rtnl_link_stats64 *stats, gsize stats_len)
{
    char buffer[MESSAGE_BYTES] __attribute__((aligned(8)));
    struct nlmsghdr *message = begin(datagram, buffer, RTM_NEWLINK);
    struct ifinfomsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);

    info->ifi_index = index;
    mnl_attr_put_u32(message, IFLA_MTU, 1500);
    if (name)
        mnl_attr_put_strz(message, IFLA_IFNAME, name);
    if (hardware)
        mnl_attr_put(message, IFLA_ADDRESS, hardware_len, hardware);
    if (stats)
        mnl_attr_put(message, IFLA_STATS64, stats_len, stats);
    finish(datagram, message);
}

static void put_address(struct nlmsghdr *message, guint16 type, int family, const char *text)
{
    guint8 bytes[sizeof(struct in6_addr)];

    if (!text)
        return;
    g_assert_cmpint(inet_pton(family, text, bytes), ==, 1);
    mnl_attr_put(message, type, family == AF_INET ? 4 : 16, bytes);
}

void datagram_address(Datagram *datagram, int index, guint prefix, const char *local,
                      const char *other, const char *label)
{
    char buffer[MESSAGE_BYTES] __attribute__((aligned(8)));
    struct nlmsghdr *message = begin(datagram, buffer, RTM_NEWADDR);
    struct ifaddrmsg *info = mnl_nlmsg_put_extra_header(message, sizeof *info);
    const char *one = local ? local : other;

    info->ifa_family = one && strchr(one, ':') ? AF_INET6 : AF_INET;
    info->ifa_prefixlen = (guint8)prefix;
    info->ifa_index = (guint)index;
    put_address(message, IFA_ADDRESS, info->ifa_family, other);
    put_address(message, IFA_LOCAL, info->ifa_family, local);
    if (label)
        mnl_attr_put_strz(message, IFA_LABEL, label);
    finish(datagram, message);
}

void datagram_end(Datagram *datagram, guint16 type, int status)
{
    char buffer[MESSAGE_BYTES] __attribute__((aligned(8)));
    struct nlmsghdr *message = begin(datagram, buffer, type);

    *(int *)mnl_nlmsg_put_extra_header(message, sizeof status) = status;
    finish(datagram, message);
}

static int give_socket(void)
{
    int given = agent_end;

    if (refusal) {
        errno = refusal;
        return -1;
    }
    agent_end = -1;
    return given;
}

const SysOps scripted_netlink = { .route_socket = give_socket, .close = close };

void kernel_start(void)
{
    int ends[2];

    g_assert_cmpint(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), ==, 0);
    kernel_end = ends[0];
    agent_end = ends[1];
    refusal = 0;
}

void kernel_send(Datagram *datagram)
{
    const GByteArray *bytes = datagram->bytes;

    g_assert_cmpint(send(kernel_end, bytes->data, bytes->len, 0), ==, bytes->len);
    datagram_clear(datagram);
}

void kernel_hang_up(void)
{
    shutdown(kernel_end, SHUT_WR);
}

void kernel_refuse(int errnum)
{
    refusal = errnum;
}

char *kernel_finish(void)
{
    GString *types = g_string_new(NULL);
    char buffer[MESSAGE_BYTES] __attribute__((aligned(8)));
    ssize_t n;

    if (agent_end >= 0)
        close(agent_end);
    while ((n = recv(kernel_end, buffer, sizeof buffer, MSG_DONTWAIT)) > 0) {
        const struct nlmsghdr *request = (const void *)buffer;

        g_assert_true(mnl_nlmsg_ok(request, (int)n));
        g_assert_cmpuint(request->nlmsg_flags, ==, NLM_F_REQUEST | NLM_F_DUMP);
        g_string_append_printf(types, types->len ? " %u" : "%u", request->nlmsg_type);
    }
    g_assert_false(n < 0 && errno == EAGAIN); /* the agent's end is still open */
    close(kernel_end);
    return g_string_free(types, FALSE);
}
