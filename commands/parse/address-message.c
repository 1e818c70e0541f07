/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/address-message.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>

#include "commands/parse/rtnetlink.h"

gboolean address_message_parse(const struct nlmsghdr *message, AddressMessage *result)
{
    LinkAddress address;

    if ((message->nlmsg_type != RTM_NEWADDR && message->nlmsg_type != RTM_DELADDR) ||
        !rtnetlink_address(message, &address) || !address.own)
        return FALSE;
    *result = (AddressMessage){
        .removed = message->nlmsg_type == RTM_DELADDR,
        .unusable = (address.flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0,
        .address = { .interface = (guint32)address.index,
                     .family = (guint8)address.family,
                     .prefix = (guint8)address.prefix },
    };
    memcpy(result->address.bytes, address.own, address.family == AF_INET ? 4 : ADDRESS_BYTES);
    return TRUE;
}
