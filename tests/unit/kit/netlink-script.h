/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <linux/if_link.h>

#include "agent/base/sysops.h"

/* rtnetlink's answers, made by hand, and a kernel that gives them. One test at a time. */

/* A datagram under construction; all its messages have @sequence and @flags. */
typedef struct {
    GByteArray *bytes;
    guint32 sequence;
    guint16 flags;
} Datagram;

Datagram datagram_new(guint32 sequence, guint16 flags);
void datagram_clear(Datagram *datagram);

/* An interface. @stats may be NULL; only the first @stats_len bytes of it are told. */
void datagram_link(Datagram *datagram, int index, const char *name, const void *hardware,
                   gsize hardware_len, const struct rtnl_link_stats64 *stats, gsize stats_len);
/* An address: @local, @other and @label may be NULL; the addresses are texts. */
void datagram_address(Datagram *datagram, int index, guint prefix, const char *local,
                      const char *other, const char *label);
/* NLMSG_DONE or NLMSG_ERROR, with @status. */
void datagram_end(Datagram *datagram, guint16 type, int status);

/* A new kernel, which the next netlink_read() with the ops asks. */
extern const SysOps scripted_netlink;
void kernel_start(void);
/* Queues an answer, and lets go of it. */
void kernel_send(Datagram *datagram);
/* No more answers. */
void kernel_hang_up(void);
/* The socket cannot be made. */
void kernel_refuse(int errnum);
/*
 * Ends the kernel; fails the test if the agent's socket is still open. Returns the types of
 * the requests it got ("18 22"), to be freed.
 */
char *kernel_finish(void);
