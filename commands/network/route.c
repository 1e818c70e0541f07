/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/network/route.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "commands/parse/route.h"
#include "lib/errors.h"

#define ROUTES4 "/proc/net/route"
#define ROUTES6 "/proc/net/ipv6_route"

G_DEFINE_AUTOPTR_CLEANUP_FUNC(FILE, fclose)

typedef struct {
    const char *iface;
    const char *destination;
    gint64 version;
    guint64 flags;
    gint64 metric, refcnt, use;
    bool is_v4;
    const char *gateway;
    const char *mask;
    gint64 mtu, window, irtt;
    /* IPv6 */
    const char *source;
    const char *nexthop;
    const char *desprefixlen;
    const char *srcprefixlen;
} Route;

#define IPV4_ONLY(member, what)                                                                    \
    { .name = #member, .type = &type_int, .offset = offsetof(Route, member),                       \
      .has_offset = offsetof(Route, is_v4), .flags = FIELD_OPTIONAL, .doc = what " (IPv4)" }

static const Type route_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestNetworkRoute",
    .size = sizeof(Route),
    .fields = (const Field[]){
        REQUIRED(Route, flags, "flags", &type_uint64, .doc = "the kernel's flags"),
        OPTIONAL_STRING(Route, source, "source", .doc = "source network (IPv6)"),
        REQUIRED(Route, metric, "metric", &type_int, .doc = "priority; the lowest value wins"),
        REQUIRED(Route, refcnt, "refcnt", &type_int, .doc = "number of references"),
        IPV4_ONLY(window, "TCP window, 0 for the default"),
        REQUIRED(Route, version, "version", &type_int, .doc = "4 or 6"),
        OPTIONAL_STRING(Route, nexthop, "nexthop", .doc = "router, :: for none (IPv6)"),
        REQUIRED(Route, iface, "iface", &type_string, .doc = "interface, * for none"),
        REQUIRED(Route, destination, "destination", &type_string, .doc = "network or host"),
        OPTIONAL_STRING(Route, desprefixlen, "desprefixlen",
                        .doc = "bits of the destination that count (IPv6)"),
        IPV4_ONLY(irtt, "initial round trip time, 0 for the default"),
        OPTIONAL_STRING(Route, gateway, "gateway", .doc = "router, 0.0.0.0 for none (IPv4)"),
        OPTIONAL_STRING(Route, srcprefixlen, "srcprefixlen",
                        .doc = "bits of the source that count (IPv6)"),
        REQUIRED(Route, use, "use", &type_int, .doc = "number of lookups"),
        IPV4_ONLY(mtu, "bytes of a packet, 0 for the default"),
        OPTIONAL_STRING(Route, mask, "mask", .doc = "netmask (IPv4)"),
        FIELDS_END,
    },
};

static void add_route4(Piece line, List *routes, Arena *arena)
{
    Route4 parsed;
    Route *route;

    if (!route4_parse(line, &parsed))
        return;
    route = list_append(routes, arena, sizeof *route);
    *route = (Route){
        .version = 4,
        .is_v4 = true,
        .iface = arena_strndup(arena, parsed.interface.start, parsed.interface.len),
        .destination = arena_strdup(arena, parsed.destination),
        .gateway = arena_strdup(arena, parsed.gateway),
        .mask = arena_strdup(arena, parsed.mask),
        .flags = parsed.flags,
        .metric = parsed.metric,
        .refcnt = parsed.refcnt,
        .use = parsed.use,
        .mtu = parsed.mtu,
        .window = parsed.window,
        .irtt = parsed.irtt,
    };
}

static void add_route6(Piece line, List *routes, Arena *arena)
{
    Route6 parsed;
    Route *route;

    if (!route6_parse(line, &parsed))
        return;
    route = list_append(routes, arena, sizeof *route);
    *route = (Route){
        .version = 6,
        .iface = arena_strndup(arena, parsed.interface.start, parsed.interface.len),
        .destination = arena_strdup(arena, parsed.destination),
        .source = arena_strdup(arena, parsed.source),
        .nexthop = arena_strdup(arena, parsed.next_hop),
        .desprefixlen = arena_printf(arena, "%u", parsed.destination_bits),
        .srcprefixlen = arena_printf(arena, "%u", parsed.source_bits),
        .flags = parsed.flags,
        .metric = parsed.metric,
        .refcnt = parsed.refcnt,
        .use = parsed.use,
    };
}

/*
 * Adds the routes in @path. It is read line by line: a router has up to a million routes of a
 * hundred bytes.
 */
static gboolean read_routes(Call *call, const char *path, gboolean may_lack,
                            void (*add)(Piece, List *, Arena *), GError **error)
{
    int fd = sysroot_open(call->services->sysroot, path, O_RDONLY | O_NOCTTY);
    g_autoptr(FILE) file = fd < 0 ? NULL : fdopen(fd, "r");
    g_autofree char *line = NULL;
    int saved = errno;
    size_t size = 0;
    ssize_t n;

    if (!file) {
        if (fd >= 0)
            close(fd);
        if (may_lack && saved == ENOENT)
            return TRUE;
        return set_errno_error(error, saved, "open(\"%s\")", path);
    }
    while ((n = getline(&line, &size, file)) > 0) {
        gboolean whole = line[n - 1] == '\n';

        add((Piece){ line, (gsize)n - whole }, call->result, call->arena);
    }
    if (ferror(file))
        return set_errno_error(error, errno, "read(\"%s\")", path);
    return TRUE;
}

static gboolean get_route_run(Call *call, GError **error)
{
    /* Without IPv6 in the kernel there are no IPv6 routes, and that is not an error. */
    return read_routes(call, ROUTES4, FALSE, add_route4, error) &&
           read_routes(call, ROUTES6, TRUE, add_route6, error);
}

static const Need route_needs[] = {
    { NEED_FILE, ROUTES4, NULL },
    { NEED_FILE, ROUTES6, "IPv6 routes" },
    NEEDS_END,
};

const Command guest_network_get_route = {
    .name = "guest-network-get-route",
    .rank = 44,
    .since = "9.1",
    .doc = "List the IPv4 routes of the main table and all IPv6 routes",
    .flags = COMMAND_READS | COMMAND_BLOCKING, /* a router has a hundred thousand */
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &route_type },
    .needs = route_needs,
    .run = get_route_run,
};
