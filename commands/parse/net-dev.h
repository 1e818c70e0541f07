/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/arena.h"

/* The line of one interface in /proc/net/dev. */
typedef struct {
    const char *name;
    guint64 rx_bytes, rx_packets, rx_errs, rx_dropped;
    guint64 tx_bytes, tx_packets, tx_errs, tx_dropped;
} InterfaceCounters;

/*
 * Parses the @len bytes of /proc/net/dev into @interfaces, a list of InterfaceCounters; strings
 * in @arena. Malformed lines are skipped.
 */
void net_dev_parse(const char *text, gsize len, List *interfaces, Arena *arena);
