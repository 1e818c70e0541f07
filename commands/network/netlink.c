/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/network/netlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

/*
 * The kernel fills up to 32 KiB for a reader with such a buffer (netlink_dump() of its
 * net/netlink/af_netlink.c).
 */
#define BUFFER_BYTES (32 * 1024)
/*
 * Where containers start and stop all the time, no dump may be consistent; then the last one is
 * returned, as qemu-ga returns its only one.
 */
#define TRIES 8

typedef struct {
    int fd;
    guint32 sequence;
    void *buffer;
    gsize size;
} Asker;

static gboolean send_request(Asker *asker, int type)
{
    char buffer[NLMSG_SPACE(sizeof(struct ifinfomsg)) + NLA_HDRLEN + sizeof(guint32)]
        __attribute__((aligned(NLMSG_ALIGNTO)));
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    ssize_t n;

    request->nlmsg_type = (guint16)type;
    request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
    request->nlmsg_seq = ++asker->sequence;
    /* All zero: every link; as ifaddrmsg, whose first byte is the family: every family. */
    mnl_nlmsg_put_extra_header(request, sizeof(struct ifinfomsg));
    /* Without the counters of IPv6 and ICMPv6, a quarter of the reply (Linux 4.4). */
    if (type == RTM_GETLINK)
        mnl_attr_put_u32(request, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
    do
        n = send(asker->fd, request, request->nlmsg_len, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    return n >= 0;
}

/* Receives the next datagram, of any size. Returns its length, or -1 with errno set. */
static ssize_t receive(Asker *asker)
{
    ssize_t n;

    do {
        n = recv(asker->fd, NULL, 0, MSG_PEEK | MSG_TRUNC);
        if (n > 0 && (gsize)n > asker->size) {
            asker->size = (gsize)n;
            g_free(asker->buffer);
            asker->buffer = g_malloc(asker->size);
        }
        if (n > 0)
            n = recv(asker->fd, asker->buffer, asker->size, 0);
    } while (n < 0 && errno == EINTR);
    if (n == 0) {
        errno = EPIPE;
        return -1;
    }
    return n;
}

static gboolean ask(Asker *asker, int type, RtnetlinkDump *dump, Arena *arena)
{
    ssize_t n;

    if (!send_request(asker, type))
        return FALSE;
    do {
        n = receive(asker);
        if (n < 0)
            return FALSE;
    } while (!rtnetlink_take(dump, asker->buffer, (gsize)n, asker->sequence, arena));
    errno = dump->failed;
    return !dump->failed;
}

/* Whether each address belongs to a known link. */
static gboolean is_complete(const RtnetlinkDump *dump)
{
    g_autoptr(GHashTable) known = g_hash_table_new(NULL, NULL);

    for (gsize i = 0; i < dump->links.len; i++)
        g_hash_table_add(known, GINT_TO_POINTER(list_at(&dump->links, Link, i)->index));
    for (gsize i = 0; i < dump->addresses.len; i++) {
        int index = list_at(&dump->addresses, LinkAddress, i)->index;

        if (!g_hash_table_contains(known, GINT_TO_POINTER(index)))
            return FALSE;
    }
    return TRUE;
}

static gboolean ask_all(Asker *asker, guint wants, RtnetlinkDump *dump, Arena *arena)
{
    for (int tries = 0; tries < TRIES; tries++) {
        *dump = (RtnetlinkDump){ .failed = 0 };
        if ((wants & NETLINK_LINKS) && !ask(asker, RTM_GETLINK, dump, arena))
            return FALSE;
        if ((wants & NETLINK_ADDRESSES) && !ask(asker, RTM_GETADDR, dump, arena))
            return FALSE;
        if (!dump->interrupted && (!(wants & NETLINK_LINKS) || is_complete(dump)))
            break;
    }
    return TRUE;
}

gboolean netlink_read(const SysOps *sysops, guint wants, RtnetlinkDump *dump, Arena *arena)
{
    Asker asker = { .fd = sysops->route_socket(), .size = BUFFER_BYTES };
    gboolean ok;
    int saved;

    if (asker.fd < 0)
        return FALSE;
    asker.buffer = g_malloc(asker.size);
    ok = ask_all(&asker, wants, dump, arena);
    saved = errno;
    g_free(asker.buffer);
    sysops->close(asker.fd);
    errno = saved;
    return ok;
}
