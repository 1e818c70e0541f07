/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/address-message.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

/* rtnetlink's macros are not made for -Wsign-compare and -Wcast-align. */
#define ATTRIBUTE_HEADER ((guint)RTA_LENGTH(0))

typedef struct {
    const char *at;
    guint left;
} Attributes;

/* The next attribute, with its value and the value's length; FALSE at the end. */
static gboolean next_attribute(Attributes *from, struct rtattr *header, const char **value)
{
    guint step;

    if (from->left < ATTRIBUTE_HEADER)
        return FALSE;
    memcpy(header, from->at, sizeof *header);
    if (header->rta_len < ATTRIBUTE_HEADER || header->rta_len > from->left)
        return FALSE;
    *value = from->at + ATTRIBUTE_HEADER;
    step = MIN((guint)RTA_ALIGN(header->rta_len), from->left);
    header->rta_len = (unsigned short)(header->rta_len - ATTRIBUTE_HEADER);
    from->at += step;
    from->left -= step;
    return TRUE;
}

static gsize address_len(guint8 family)
{
    switch (family) {
    case AF_INET:
        return 4;
    case AF_INET6:
        return ADDRESS_BYTES;
    default:
        return 0;
    }
}

gboolean address_message_parse(const struct nlmsghdr *message, AddressMessage *result)
{
    struct ifaddrmsg fixed;
    struct rtattr header;
    Attributes attributes;
    const char *value, *address = NULL, *local = NULL;
    guint32 flags;
    gsize len;

    if ((message->nlmsg_type != RTM_NEWADDR && message->nlmsg_type != RTM_DELADDR) ||
        message->nlmsg_len < NLMSG_LENGTH(sizeof fixed))
        return FALSE;
    memcpy(&fixed, NLMSG_DATA(message), sizeof fixed);
    len = address_len(fixed.ifa_family);
    flags = fixed.ifa_flags;
    attributes = (Attributes){ (const char *)NLMSG_DATA(message) + NLMSG_ALIGN(sizeof fixed),
                               message->nlmsg_len - (guint)NLMSG_SPACE(sizeof fixed) };
    while (next_attribute(&attributes, &header, &value)) {
        if (header.rta_type == IFA_ADDRESS && header.rta_len == len)
            address = value;
        else if (header.rta_type == IFA_LOCAL && header.rta_len == len)
            local = value;
        else if (header.rta_type == IFA_FLAGS && header.rta_len == sizeof flags)
            memcpy(&flags, value, sizeof flags);
    }
    /* On a point-to-point link IFA_ADDRESS is the other end's. */
    address = local ? local : address;
    if (!len || !address)
        return FALSE;
    *result = (AddressMessage){
        .removed = message->nlmsg_type == RTM_DELADDR,
        .unusable = (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0,
        .address = { .interface = fixed.ifa_index,
                     .family = fixed.ifa_family,
                     .prefix = fixed.ifa_prefixlen },
    };
    memcpy(result->address.bytes, address, len);
    return TRUE;
}
