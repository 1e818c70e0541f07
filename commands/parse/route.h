/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "commands/parse/lines.h"

/* Sizes of addresses as text, with the NUL. */
#define ROUTE4_TEXT 16
#define ROUTE6_TEXT 46

/* A line of /proc/net/route. */
typedef struct {
    Piece interface; /* "*" for a route without an interface */
    char destination[ROUTE4_TEXT];
    char gateway[ROUTE4_TEXT];
    char mask[ROUTE4_TEXT];
    guint flags, refcnt, use, metric, mtu, window, irtt;
} Route4;

/* A line of /proc/net/ipv6_route. */
typedef struct {
    Piece interface;
    char destination[ROUTE6_TEXT];
    char source[ROUTE6_TEXT];
    char next_hop[ROUTE6_TEXT];
    guint destination_bits, source_bits;
    guint flags, refcnt, use, metric;
} Route6;

/*
 * Parse @line into @route, whose interface points into the line. Return FALSE for a line that is
 * not a route, such as the heading.
 */
gboolean route4_parse(Piece line, Route4 *route);
gboolean route6_parse(Piece line, Route6 *route);
