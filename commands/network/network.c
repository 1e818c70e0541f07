/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "commands/network/netlink.h"
#include "commands/network/route.h"
#include "lib/errors.h"

typedef struct {
    int kind;
    const char *text;
    gint64 prefix;
} Address;

typedef struct {
    const char *name;
    bool has_addresses;
    List addresses; /* of Address */
    bool has_statistics;
    LinkCounters statistics;
    const char *hardware; /* NULL: none */
} Interface;

enum { KIND_IPV4, KIND_IPV6 };

static const Type address_kind = {
    .kind = TYPE_ENUM,
    .name = "GuestIpAddressType",
    .size = sizeof(int),
    .values = (const char *const[]){ [KIND_IPV4] = "ipv4", [KIND_IPV6] = "ipv6", NULL },
};

static const Type address_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestIpAddress",
    .size = sizeof(Address),
    .fields = (const Field[]){
        REQUIRED(Address, kind, "ip-address-type", &address_kind, .doc = "version of IP"),
        REQUIRED(Address, text, "ip-address", &type_string, .doc = "the address"),
        REQUIRED(Address, prefix, "prefix", &type_int, .doc = "prefix length in bits"),
        FIELDS_END,
    },
};

#define COUNTED(member, wire, what)                                                                \
    REQUIRED(LinkCounters, member, wire, &type_uint64, .doc = what)

static const Type statistics_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestNetworkInterfaceStat",
    .size = sizeof(LinkCounters),
    .fields = (const Field[]){
        COUNTED(tx_packets, "tx-packets", "packets sent"),
        COUNTED(tx_errors, "tx-errs", "errors in sending"),
        COUNTED(rx_bytes, "rx-bytes", "bytes received"),
        COUNTED(rx_dropped, "rx-dropped", "received packets that were dropped"),
        COUNTED(rx_packets, "rx-packets", "packets received"),
        COUNTED(rx_errors, "rx-errs", "errors in receiving"),
        COUNTED(tx_bytes, "tx-bytes", "bytes sent"),
        COUNTED(tx_dropped, "tx-dropped", "packets to send that were dropped"),
        FIELDS_END,
    },
};

static const Type interface_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestNetworkInterface",
    .size = sizeof(Interface),
    .fields = (const Field[]){
        REQUIRED(Interface, name, "name", &type_string, .doc = "name of the interface, or label of "
                                                               "an address"),
        OPTIONAL(Interface, addresses, "ip-addresses",
                 &((const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &address_type }),
                 .doc = "IPv4 addresses, then IPv6 ones"),
        OPTIONAL(Interface, statistics, "statistics", &statistics_type,
                 .doc = "counters, if the interface has addresses"),
        OPTIONAL_STRING(Interface, hardware, "hardware-address", .doc = "hardware address, its "
                                                                        "first six bytes"),
        FIELDS_END,
    },
};

/* The list being built. Each hash has the index in a list plus one. */
typedef struct {
    const Settings *settings;
    Arena *arena;
    RtnetlinkDump dump;
    GHashTable *link_by_name;
    GHashTable *link_by_index;
    GHashTable *entry_by_name;
    List *entries; /* of Interface */
} Maker;

static void remember(GHashTable *table, gconstpointer key, gsize position)
{
    g_hash_table_insert(table, (gpointer)key, GSIZE_TO_POINTER(position + 1));
}

/* Returns FALSE if @key is not there. */
static gboolean find(GHashTable *table, gconstpointer key, gsize *position)
{
    gpointer found = g_hash_table_lookup(table, key);

    *position = GPOINTER_TO_SIZE(found) - 1;
    return found != NULL;
}

static Link *find_link(Maker *maker, GHashTable *table, gconstpointer key)
{
    gsize at;

    return find(table, key, &at) ? list_at(&maker->dump.links, Link, at) : NULL;
}

static gboolean is_excluded(const Settings *settings, const char *name)
{
    const GPtrArray *globs = settings->interfaces_exclude;

    for (guint i = 0; globs && i < globs->len; i++)
        if (g_pattern_match_simple(globs->pdata[i], name))
            return TRUE;
    return FALSE;
}

/*
 * The hardware address that the kernel returns for @name: that of the interface before the
 * colon, so a label has its interface's.
 */
static const char *hardware_of(Maker *maker, const char *name)
{
    g_autofree char *device = g_strndup(name, strcspn(name, ":"));
    const Link *link = find_link(maker, maker->link_by_name, device);
    const guint8 *byte;

    if (!link)
        return NULL;
    byte = link->hardware;
    return arena_printf(maker->arena, "%02x:%02x:%02x:%02x:%02x:%02x", byte[0], byte[1], byte[2],
                        byte[3], byte[4], byte[5]);
}

/* The entry of @name, created if it does not exist; NULL if it is excluded. */
static Interface *entry(Maker *maker, const char *name)
{
    Interface *made;
    gsize at;

    if (find(maker->entry_by_name, name, &at))
        return list_at(maker->entries, Interface, at);
    if (is_excluded(maker->settings, name))
        return NULL;
    remember(maker->entry_by_name, name, maker->entries->len);
    made = list_append(maker->entries, maker->arena, sizeof *made);
    made->name = name;
    made->hardware = hardware_of(maker, name);
    return made;
}

static void add_address(Maker *maker, Interface *interface, const LinkAddress *address)
{
    Address *added = list_append(&interface->addresses, maker->arena, sizeof *added);
    char text[INET6_ADDRSTRLEN];

    inet_ntop(address->family, address->own, text, sizeof text);
    added->kind = address->family == AF_INET ? KIND_IPV4 : KIND_IPV6;
    added->text = arena_strdup(maker->arena, text);
    added->prefix = address->prefix;
    interface->has_addresses = true;
}

static void take_address(Maker *maker, const LinkAddress *address)
{
    const Link *link = find_link(maker, maker->link_by_index, GINT_TO_POINTER(address->index));
    const char *name = address->label ?: link ? link->name : NULL;
    Interface *interface = name ? entry(maker, name) : NULL;

    if (!interface || !address->own)
        return;
    add_address(maker, interface, address);
    link = find_link(maker, maker->link_by_name, name);
    interface->has_statistics = link && link->has_counters;
    if (interface->has_statistics)
        interface->statistics = link->counters;
}

static void make_entries(Maker *maker)
{
    const List *links = &maker->dump.links;
    const List *addresses = &maker->dump.addresses;

    for (gsize i = 0; i < links->len; i++) {
        const Link *link = list_at(links, Link, i);

        remember(maker->link_by_name, link->name, i);
        remember(maker->link_by_index, GINT_TO_POINTER(link->index), i);
    }
    for (gsize i = 0; i < links->len; i++)
        entry(maker, list_at(links, Link, i)->name);
    for (gsize i = 0; i < addresses->len; i++)
        take_address(maker, list_at(addresses, LinkAddress, i));
}

static gboolean get_interfaces_run(Call *call, GError **error)
{
    g_autoptr(GHashTable) link_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    g_autoptr(GHashTable) link_by_index = g_hash_table_new(NULL, NULL);
    g_autoptr(GHashTable) entry_by_name = g_hash_table_new(g_str_hash, g_str_equal);
    Maker maker = {
        .settings = call->services->settings,
        .arena = call->arena,
        .link_by_name = link_by_name,
        .link_by_index = link_by_index,
        .entry_by_name = entry_by_name,
        .entries = call->result,
    };

    if (!netlink_read(call->services->sysops, NETLINK_LINKS | NETLINK_ADDRESSES, &maker.dump,
                      call->arena))
        return set_errno_error(error, errno, "getifaddrs failed");
    make_entries(&maker);
    return TRUE;
}

static const Command guest_network_get_interfaces = {
    .name = "guest-network-get-interfaces",
    .rank = 22,
    .since = "1.1",
    .doc = "List network interfaces with their addresses",
    /* The kernel's rtnl lock may be held by drivers for seconds. */
    .flags = COMMAND_READS | COMMAND_BLOCKING,
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &interface_type },
    .run = get_interfaces_run,
};

const Family family_network = {
    .name = "network",
    .commands = (const Command *const[]){ &guest_network_get_interfaces, &guest_network_get_route,
                                          NULL },
};
