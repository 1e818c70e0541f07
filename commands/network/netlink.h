/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "commands/parse/rtnetlink.h"

/* What to request from rtnetlink(7). */
typedef enum {
    NETLINK_LINKS = 1 << 0,     /* interfaces with name, index and counters */
    NETLINK_ADDRESSES = 1 << 1, /* of IPv4, then of IPv6 */
} NetlinkWants;

/*
 * Reads all network interfaces or addresses of this machine, or both, into @dump, whose data
 * belongs to @arena. If they change during the dump, it is repeated a few times; then the last
 * one is returned as it is. Waits for the kernel's rtnl lock, which drivers may hold for
 * seconds: for workers. Returns FALSE with errno set.
 */
gboolean netlink_read(const SysOps *sysops, guint wants, RtnetlinkDump *dump, Arena *arena);
