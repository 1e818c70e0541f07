/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <linux/netlink.h>

#define ADDRESS_BYTES 16

/* An address of an interface, compared and hashed as the bytes of the struct. */
typedef struct {
    guint32 interface; /* its index */
    guint8 family;     /* AF_INET or AF_INET6 */
    guint8 prefix;
    guint8 padding[2]; /* zero */
    guint8 bytes[ADDRESS_BYTES]; /* of an IPv4 address the first four, the others zero */
} Address;

typedef struct {
    gboolean removed;
    gboolean unusable; /* tentative, or found to be a duplicate */
    Address address;
} AddressMessage;

/*
 * Parses a message of rtnetlink(7) whose length was checked against the number of bytes
 * received. Returns FALSE if it is not about an IPv4 or IPv6 address.
 */
gboolean address_message_parse(const struct nlmsghdr *message, AddressMessage *result);
