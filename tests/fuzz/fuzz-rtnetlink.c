/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <net/if.h>
#include <string.h>
#include <sys/socket.h>

#include "commands/parse/rtnetlink.h"

/* The corpus was recorded with this. */
#define SEQUENCE 1

static void check_link(const Link *link)
{
    CLAIM(link->name && *link->name && strlen(link->name) < IF_NAMESIZE);
}

static void check_address(const LinkAddress *address)
{
    guint size = address->family == AF_INET ? 4 : 16;
    g_autofree void *copy = NULL;

    CLAIM(address->family == AF_INET || address->family == AF_INET6);
    CLAIM(address->prefix <= size * 8);
    CLAIM(!address->label || (*address->label && strlen(address->label) < IF_NAMESIZE));
    /* A sanitizer sees if they are not all there. */
    copy = g_memdup2(address->own, size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Arena) arena = arena_new();
    g_autofree void *datagram = g_memdup2(data, size);
    RtnetlinkDump dump = { .failed = 0 };
    gboolean ended = rtnetlink_take(&dump, datagram, size, SEQUENCE, arena);

    CLAIM(ended || !dump.failed);
    CLAIM(dump.failed >= 0);
    for (gsize i = 0; i < dump.links.len; i++)
        check_link(list_at(&dump.links, Link, i));
    for (gsize i = 0; i < dump.addresses.len; i++)
        check_address(list_at(&dump.addresses, LinkAddress, i));
    return 0;
}
