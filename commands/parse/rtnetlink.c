/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/rtnetlink.h"

#include <errno.h>
#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#define IPV4_BYTES 4
#define IPV6_BYTES 16
/* The largest error number of the kernel, MAX_ERRNO of linux/err.h. */
#define MAX_ERRNO 4095

/*
 * Loops over the attributes after the @size bytes of a message's own header. libmnl's loop
 * relies on the padded length, which the last message need not have.
 */
#define FOR_EACH_ATTRIBUTE(attr, message, size)                                                    \
    for (attr = mnl_nlmsg_get_payload_offset(message, size);                                       \
         mnl_attr_ok(attr, bytes_left(message, attr)); attr = mnl_attr_next(attr))

static int bytes_left(const struct nlmsghdr *message, const struct nlattr *attr)
{
    return (int)((const char *)message + message->nlmsg_len - (const char *)attr);
}

/* Returns the text of @attr in place, if it is terminated and can be a name; else NULL. */
static const char *name_of(const struct nlattr *attr)
{
    const char *text = mnl_attr_get_payload(attr);
    gsize size = mnl_attr_get_payload_len(attr);

    if (size == 0 || *text == '\0' || strnlen(text, size) >= MIN(size, IF_NAMESIZE))
        return NULL;
    return text;
}

/*
 * The kernel writes /proc/net/dev from the same counters, and counts packets without a buffer as
 * dropped there (dev_seq_printf_stats() of net/core/net-procfs.c).
 */
static void take_counters(const struct nlattr *attr, Link *link)
{
    struct rtnl_link_stats64 stats = { 0 };
    gsize size = mnl_attr_get_payload_len(attr);

    if (size < offsetof(struct rtnl_link_stats64, rx_missed_errors) + sizeof stats.rx_missed_errors)
        return;
    memcpy(&stats, mnl_attr_get_payload(attr), MIN(size, sizeof stats));
    link->has_counters = true;
    link->counters = (LinkCounters){
        .rx_bytes = stats.rx_bytes,
        .rx_packets = stats.rx_packets,
        .rx_errors = stats.rx_errors,
        .rx_dropped = stats.rx_dropped + stats.rx_missed_errors,
        .tx_bytes = stats.tx_bytes,
        .tx_packets = stats.tx_packets,
        .tx_errors = stats.tx_errors,
        .tx_dropped = stats.tx_dropped,
    };
}

static void take_link(RtnetlinkDump *dump, const struct nlmsghdr *message, Arena *arena)
{
    const struct ifinfomsg *info = mnl_nlmsg_get_payload(message);
    const struct nlattr *attr;
    Link link = { 0 };

    if (mnl_nlmsg_get_payload_len(message) < sizeof *info)
        return;
    link.index = info->ifi_index;
    FOR_EACH_ATTRIBUTE(attr, message, sizeof *info)
    {
        switch (mnl_attr_get_type(attr)) {
        case IFLA_IFNAME:
            link.name = name_of(attr);
            break;
        case IFLA_ADDRESS:
            memcpy(link.hardware, mnl_attr_get_payload(attr),
                   MIN(mnl_attr_get_payload_len(attr), LINK_HARDWARE_BYTES));
            break;
        case IFLA_STATS64:
            take_counters(attr, &link);
            break;
        }
    }
    if (!link.name)
        return;
    link.name = arena_strdup(arena, link.name);
    *(Link *)list_append(&dump->links, arena, sizeof link) = link;
}

static gsize address_size(int family)
{
    return family == AF_INET ? IPV4_BYTES : IPV6_BYTES;
}

/* Returns the bytes of @attr in place; NULL unless there are @size of them. */
static const guint8 *bytes_of(const struct nlattr *attr, gsize size)
{
    return attr && mnl_attr_get_payload_len(attr) == size ? mnl_attr_get_payload(attr) : NULL;
}

gboolean rtnetlink_address(const struct nlmsghdr *message, LinkAddress *address)
{
    const struct ifaddrmsg *info = mnl_nlmsg_get_payload(message);
    const struct nlattr *attr, *local = NULL, *other = NULL;

    if (mnl_nlmsg_get_payload_len(message) < sizeof *info ||
        (info->ifa_family != AF_INET && info->ifa_family != AF_INET6))
        return FALSE;
    *address = (LinkAddress){
        .index = (int)info->ifa_index,
        .family = info->ifa_family,
        .prefix = MIN(info->ifa_prefixlen, (guint)address_size(info->ifa_family) * 8),
        .flags = info->ifa_flags,
    };
    FOR_EACH_ATTRIBUTE(attr, message, sizeof *info)
    {
        switch (mnl_attr_get_type(attr)) {
        case IFA_LOCAL:
            local = attr;
            break;
        case IFA_ADDRESS:
            other = attr;
            break;
        case IFA_LABEL:
            address->label = name_of(attr);
            break;
        case IFA_FLAGS:
            if (mnl_attr_get_payload_len(attr) == sizeof address->flags)
                memcpy(&address->flags, mnl_attr_get_payload(attr), sizeof address->flags);
            break;
        }
    }
    /* On point-to-point links IFA_ADDRESS is the peer's; IPv6 without a peer has no IFA_LOCAL. */
    address->own = bytes_of(local ?: other, address_size(address->family));
    return TRUE;
}

static void take_address(RtnetlinkDump *dump, const struct nlmsghdr *message, Arena *arena)
{
    LinkAddress address;

    if (!rtnetlink_address(message, &address))
        return;
    if (address.own) {
        gsize size = address_size(address.family);

        address.own = memcpy(arena_alloc(arena, size), address.own, size);
    }
    if (address.label)
        address.label = arena_strdup(arena, address.label);
    *(LinkAddress *)list_append(&dump->addresses, arena, sizeof address) = address;
}

/* The error number in a message that ends a dump; 0 for success. */
static int status_of(const struct nlmsghdr *message)
{
    int status = 0;

    if (mnl_nlmsg_get_payload_len(message) >= sizeof status)
        memcpy(&status, mnl_nlmsg_get_payload(message), sizeof status);
    else if (message->nlmsg_type == NLMSG_ERROR)
        return EBADMSG;
    return status < 0 && status >= -MAX_ERRNO ? -status : 0;
}

/* Whether the message is complete. libmnl takes lengths above G_MAXINT for negative ones. */
static gboolean is_whole(const struct nlmsghdr *message, int left)
{
    return mnl_nlmsg_ok(message, left) && message->nlmsg_len <= (guint)left;
}

gboolean rtnetlink_take(RtnetlinkDump *dump, const void *datagram, gsize len, guint32 sequence,
                        Arena *arena)
{
    const struct nlmsghdr *message = datagram;
    int left = (int)MIN(len, G_MAXINT);

    for (; is_whole(message, left); message = mnl_nlmsg_next(message, &left)) {
        if (message->nlmsg_seq != sequence)
            continue;
        if (message->nlmsg_flags & NLM_F_DUMP_INTR)
            dump->interrupted = TRUE;
        switch (message->nlmsg_type) {
        case RTM_NEWLINK:
            take_link(dump, message, arena);
            break;
        case RTM_NEWADDR:
            take_address(dump, message, arena);
            break;
        case NLMSG_DONE:
        case NLMSG_ERROR:
            dump->failed = status_of(message);
            return TRUE;
        }
    }
    return FALSE;
}
