/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/route.h"

#include <arpa/inet.h>
#include <string.h>

G_STATIC_ASSERT(ROUTE4_TEXT == INET_ADDRSTRLEN && ROUTE6_TEXT == INET6_ADDRSTRLEN);

#define HEX_DIGITS 8

/* Takes the next word as a hexadecimal number of up to eight digits. */
static gboolean next_hex(Piece *rest, guint *value)
{
    Piece word;

    if (!next_word(rest, &word) || word.len > HEX_DIGITS)
        return FALSE;
    *value = 0;
    for (gsize i = 0; i < word.len; i++) {
        int digit = g_ascii_xdigit_value(word.start[i]);

        if (digit < 0)
            return FALSE;
        *value = *value << 4 | (guint)digit;
    }
    return TRUE;
}

/*
 * Takes the next word as a decimal number of 32 bits. Some kernels print unsigned numbers as
 * signed, so that 4294967295 reads -1.
 */
static gboolean next_number(Piece *rest, guint *value)
{
    gboolean negative;
    guint64 number;
    Piece word;

    if (!next_word(rest, &word))
        return FALSE;
    negative = *word.start == '-';
    word.start += negative;
    word.len -= negative;
    if (!piece_to_uint64(&word, &number) || number > (negative ? G_MAXINT32 : G_MAXUINT32))
        return FALSE;
    *value = negative ? -(guint)number : (guint)number;
    return TRUE;
}

/* Takes the next word as an IPv4 address, printed as a number in the kernel's byte order. */
static gboolean next_address4(Piece *rest, char *text)
{
    struct in_addr address;

    if (!next_hex(rest, &address.s_addr))
        return FALSE;
    inet_ntop(AF_INET, &address, text, ROUTE4_TEXT);
    return TRUE;
}

static gboolean next_address6(Piece *rest, char *text)
{
    struct in6_addr address;
    Piece word;

    if (!next_word(rest, &word) || word.len != 2 * sizeof address)
        return FALSE;
    for (gsize i = 0; i < sizeof address; i++) {
        int high = g_ascii_xdigit_value(word.start[2 * i]);
        int low = g_ascii_xdigit_value(word.start[2 * i + 1]);

        if (high < 0 || low < 0)
            return FALSE;
        address.s6_addr[i] = (guint8)(high << 4 | low);
    }
    inet_ntop(AF_INET6, &address, text, ROUTE6_TEXT);
    return TRUE;
}

gboolean route4_parse(Piece line, Route4 *route)
{
    Piece *rest = &line;

    return next_word(rest, &route->interface) && next_address4(rest, route->destination) &&
           next_address4(rest, route->gateway) && next_hex(rest, &route->flags) &&
           next_number(rest, &route->refcnt) && next_number(rest, &route->use) &&
           next_number(rest, &route->metric) && next_address4(rest, route->mask) &&
           next_number(rest, &route->mtu) && next_number(rest, &route->window) &&
           next_number(rest, &route->irtt);
}

gboolean route6_parse(Piece line, Route6 *route)
{
    Piece *rest = &line;

    return next_address6(rest, route->destination) && next_hex(rest, &route->destination_bits) &&
           next_address6(rest, route->source) && next_hex(rest, &route->source_bits) &&
           next_address6(rest, route->next_hop) && next_hex(rest, &route->metric) &&
           next_hex(rest, &route->refcnt) && next_hex(rest, &route->use) &&
           next_hex(rest, &route->flags) && next_word(rest, &route->interface);
}
