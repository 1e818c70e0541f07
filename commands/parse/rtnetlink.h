/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>

#include "lib/arena.h"

/* The first bytes of a hardware address: what SIOCGIFHWADDR's callers show of it. */
#define LINK_HARDWARE_BYTES 6

/* As the columns of /proc/net/dev count. */
typedef struct {
    guint64 rx_bytes, rx_packets, rx_errors, rx_dropped;
    guint64 tx_bytes, tx_packets, tx_errors, tx_dropped;
} LinkCounters;

/* A network interface. */
typedef struct {
    int index;
    const char *name;
    /* Longer addresses are cut; of shorter ones, and of none at all, the rest is zero. */
    guint8 hardware[LINK_HARDWARE_BYTES];
    bool has_counters;
    LinkCounters counters;
} Link;

/* An address of an interface. */
typedef struct {
    int index;         /* of its link */
    int family;        /* AF_INET or AF_INET6 */
    const guint8 *own; /* 4 or 16 bytes: of this end where the other has one, too; NULL: none told */
    guint prefix;      /* bits */
    const char *label; /* NULL: none, as always with IPv6 */
    guint32 flags;     /* IFA_F_* of linux/if_addr.h */
} LinkAddress;

/* What rtnetlink's answers to dump requests tell. */
typedef struct {
    List links;     /* of Link, in the kernel's order */
    List addresses; /* of LinkAddress */
    gboolean interrupted; /* something changed meanwhile: not one consistent picture */
    int failed;           /* errno, if the kernel refused */
} RtnetlinkDump;

/*
 * Adds the messages in the @len bytes of one datagram, aligned as from malloc(), to
 * @dump. Those that do not answer request @sequence, and what is malformed, are
 * passed over. Strings and addresses belong to @arena. Returns TRUE at the end
 * of the answer, or with @dump->failed set.
 */
gboolean rtnetlink_take(RtnetlinkDump *dump, const void *datagram, gsize len, guint32 sequence,
                        Arena *arena);

/*
 * Takes apart RTM_NEWADDR or RTM_DELADDR, a @message (rtnetlink(7)) that is as long as it
 * says. What *@address points to lies in the message. Returns FALSE for one that is too
 * short, or of another family than IPv4 and IPv6.
 */
gboolean rtnetlink_address(const struct nlmsghdr *message, LinkAddress *address);
