/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "commands/parse/rtnetlink.h"

/* What to ask rtnetlink for. */
typedef enum {
    NETLINK_LINKS = 1 << 0,     /* interfaces, each with its name, index and counters */
    NETLINK_ADDRESSES = 1 << 1, /* of IPv4, then of IPv6 */
} NetlinkWants;

/*
 * Reads all network interfaces or addresses of this machine, or both, into
 * @dump; what they point to belongs to @arena. Changes made meanwhile make it start
 * anew, a few times; then the last picture counts, as it is. May wait for
 * drivers (they hold the kernel's lock), so not for the main loop. Returns FALSE
 * with errno set if the kernel does not tell.
 */
gboolean netlink_read(const SysOps *sysops, guint wants, RtnetlinkDump *dump, Arena *arena);
