/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <linux/netlink.h>

#define ADDRESS_BYTES 16

/* An address of an interface; compared and hashed as the bytes it consists of. */
typedef struct {
    guint32 interface; /* its index */
    guint8 family;     /* AF_INET or AF_INET6 */
    guint8 prefix;
    guint8 padding[2]; /* zero */
    guint8 bytes[ADDRESS_BYTES]; /* of an IPv4 address the first four, the others zero */
} Address;

typedef struct {
    gboolean removed;
    gboolean unusable; /* not usable yet, or found to be somebody else's */
    Address address;
} AddressMessage;

/*
 * Takes apart a message of NETLINK_ROUTE (rtnetlink(7)), whose length was checked against
 * what was received. Returns FALSE if it tells of no address that could be used.
 */
gboolean address_message_parse(const struct nlmsghdr *message, AddressMessage *result);
