/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <linux/netlink.h>
#include <stdbool.h>

#include "lib/arena.h"

/* The bytes of a hardware address that callers of SIOCGIFHWADDR show. */
#define LINK_HARDWARE_BYTES 6

/* Counters with the meaning of the columns of /proc/net/dev. */
typedef struct {
    guint64 rx_bytes, rx_packets, rx_errors, rx_dropped;
    guint64 tx_bytes, tx_packets, tx_errors, tx_dropped;
} LinkCounters;

/* A network interface. */
typedef struct {
    int index;
    const char *name;
    /* longer addresses are cut, shorter ones padded with zeros; all zeros without one */
    guint8 hardware[LINK_HARDWARE_BYTES];
    bool has_counters;
    LinkCounters counters;
} Link;

/* An address of an interface. */
typedef struct {
    int index;         /* index of its link */
    int family;        /* AF_INET or AF_INET6 */
    const guint8 *own; /* 4 or 16 bytes, of this end if the link has a peer; NULL: absent */
    guint prefix;      /* bits */
    const char *label; /* NULL: absent, as always for IPv6 */
    guint32 flags;     /* IFA_F_* of linux/if_addr.h */
} LinkAddress;

/* The replies of rtnetlink to dump requests. */
typedef struct {
    List links;     /* of Link, in the kernel's order */
    List addresses; /* of LinkAddress */
    gboolean interrupted; /* something changed during the dump, so it may be inconsistent */
    int failed;           /* errno, if the kernel refused the request */
} RtnetlinkDump;

/*
 * Adds the messages in the @len bytes of one datagram, aligned as by malloc(), to @dump.
 * Malformed messages, and those that are not replies to request @sequence, are skipped. Strings
 * and addresses belong to @arena. Returns TRUE at the end of the reply, also when @dump->failed
 * is set.
 */
gboolean rtnetlink_take(RtnetlinkDump *dump, const void *datagram, gsize len, guint32 sequence,
                        Arena *arena);

/*
 * Parses RTM_NEWADDR or RTM_DELADDR, a @message of rtnetlink(7) which has the length that it
 * says. What *@address points to is in the message. Returns FALSE if the message is too short,
 * or about another family than IPv4 and IPv6.
 */
gboolean rtnetlink_address(const struct nlmsghdr *message, LinkAddress *address);
