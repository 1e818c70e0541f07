/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <arpa/inet.h>
#include <string.h>

#include "commands/parse/route.h"

static void check_interface(const Piece *name, const Piece *line)
{
    CLAIM(name->len > 0 && name->start >= line->start);
    CLAIM(name->start + name->len <= line->start + line->len);
}

static void check_address(int family, const char *text)
{
    struct in6_addr address;

    CLAIM(inet_pton(family, text, &address) == 1);
}

static void check_line(const Piece *line)
{
    Route4 route4;
    Route6 route6;

    if (route4_parse(*line, &route4)) {
        check_interface(&route4.interface, line);
        check_address(AF_INET, route4.destination);
        check_address(AF_INET, route4.gateway);
        check_address(AF_INET, route4.mask);
    }
    if (route6_parse(*line, &route6)) {
        check_interface(&route6.interface, line);
        check_address(AF_INET6, route6.destination);
        check_address(AF_INET6, route6.source);
        check_address(AF_INET6, route6.next_hop);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_memdup2(data, size);
    Piece rest = { text, size };
    Piece line;

    while (next_line(&rest, &line))
        check_line(&line);
    return 0;
}
