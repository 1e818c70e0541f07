/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <arpa/inet.h>
#include <errno.h>
#include <glib-unix.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "agent/base/main-thread.h"
#include "agent/schema/command.h"
#include "commands/network/address-watch.h"
#include "lib/errors.h"

/* ADDRESS_CHANGED, from a socket to the kernel that is open while a host is subscribed. */

/* The kernel's limit for one message of a dump, see netlink(7). */
#define RECEIVE_BYTES 32768
/* Receives in one iteration of the main loop. */
#define TURN_RECEIVES 16

typedef struct {
    const Services *services;
    AddressWatch *watch; /* NULL while no host is subscribed */
    int fd;
    guint source;
} Addresses;

typedef struct {
    const char *interface;
    const char *address;
    const char *type;
    gint64 prefix;
    const char *change;
} AddressChanged;

static const Type address_changed = {
    .kind = TYPE_OBJECT,
    .name = "GuestdAddressChanged",
    .size = sizeof(AddressChanged),
    .fields = (const Field[]){
        REQUIRED(AddressChanged, interface, "interface", &type_string,
                 .doc = "name of the interface; empty if unknown"),
        REQUIRED(AddressChanged, address, "ip-address", &type_string, .doc = "the address"),
        REQUIRED(AddressChanged, type, "ip-address-type", &type_string, .doc = "ipv4 or ipv6"),
        REQUIRED(AddressChanged, prefix, "prefix", &type_int, .doc = "prefix length in bits"),
        REQUIRED(AddressChanged, change, "change", &type_string, .doc = "added or removed"),
        FIELDS_END,
    },
};

static const Event event_address_changed = {
    .name = "ADDRESS_CHANGED",
    .since = "guestd 0.1",
    .doc = "An address was added to a network interface and can be used, or was removed",
    .data = &address_changed,
};

static void on_changed(gpointer data, const Address *address, const char *interface,
                       gboolean removed)
{
    const Services *services = ((Addresses *)data)->services;
    char text[INET6_ADDRSTRLEN];
    AddressChanged changed = {
        .interface = interface,
        .address = inet_ntop(address->family, address->bytes, text, sizeof text),
        .type = address->family == AF_INET ? "ipv4" : "ipv6",
        .prefix = address->prefix,
        .change = removed ? "removed" : "added",
    };

    services->emit(services->agent, &event_address_changed, &changed);
}

static const AddressWatchEvents watch_events = { on_changed, if_indextoname };

static int open_socket(guint32 *port)
{
    struct sockaddr_nl address = { .nl_family = AF_NETLINK,
                                   .nl_groups = RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR };
    socklen_t len = sizeof address;
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

    if (fd < 0)
        return -1;
    if (bind(fd, (struct sockaddr *)&address, len) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &len) < 0) {
        close(fd);
        return -1;
    }
    *port = address.nl_pid;
    return fd;
}

static gboolean ask_for_list(int fd)
{
    struct {
        struct nlmsghdr header;
        struct ifaddrmsg body;
    } request = {
        .header = { .nlmsg_len = sizeof request,
                    .nlmsg_type = RTM_GETADDR,
                    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP },
        .body = { .ifa_family = AF_UNSPEC },
    };

    return send(fd, &request, sizeof request, 0) == sizeof request;
}

static void stop_listening(Addresses *addresses)
{
    if (addresses->source)
        g_source_remove(addresses->source);
    if (addresses->fd >= 0)
        close(addresses->fd);
    addresses->source = 0;
    addresses->fd = -1;
}

static gboolean on_socket(int fd, GIOCondition condition, gpointer data);

/*
 * Opens a new socket for each list, as one that lost messages may still deliver an earlier list.
 * The list shows what changed before the socket was open.
 */
static gboolean start_listening(Addresses *addresses)
{
    guint32 port;

    stop_listening(addresses);
    addresses->fd = open_socket(&port);
    if (addresses->fd < 0 || !ask_for_list(addresses->fd)) {
        g_warning("events of addresses: %s", g_strerror(errno));
        stop_listening(addresses);
        return FALSE;
    }
    address_watch_begin_list(addresses->watch, port);
    addresses->source = g_unix_fd_add(addresses->fd, G_IO_IN, on_socket, addresses);
    return TRUE;
}

/* Only messages of the kernel count; any process may send to a netlink port. */
static ssize_t receive(int fd, void *buffer)
{
    struct sockaddr_nl sender = { 0 };
    socklen_t len = sizeof sender;
    ssize_t n;

    do
        n = recvfrom(fd, buffer, RECEIVE_BYTES, 0, (struct sockaddr *)&sender, &len);
    while (n >= 0 && sender.nl_pid != 0);
    return n;
}

static gboolean on_socket(int fd, GIOCondition condition, gpointer data)
{
    Addresses *addresses = data;
    g_autofree void *buffer = g_malloc(RECEIVE_BYTES);

    (void)condition;
    for (guint i = 0; i < TURN_RECEIVES; i++) {
        ssize_t n = receive(fd, buffer);

        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return G_SOURCE_CONTINUE;
        /* ENOBUFS: the kernel dropped messages. */
        if (n < 0 || !address_watch_take(addresses->watch, buffer, (gsize)n)) {
            start_listening(addresses);
            return G_SOURCE_CONTINUE; /* the source is removed already */
        }
    }
    return G_SOURCE_CONTINUE;
}

static void addresses_listen(void *state, const Event *event, gboolean wanted)
{
    Addresses *addresses = state;

    (void)event;
    assert_main_thread();
    stop_listening(addresses);
    g_clear_pointer(&addresses->watch, address_watch_free);
    if (!wanted)
        return;
    addresses->watch = address_watch_new(&watch_events, addresses);
    start_listening(addresses);
}

static void *addresses_init(const Services *services, GError **error)
{
    Addresses *addresses = g_new0(Addresses, 1);

    (void)error;
    addresses->services = services;
    addresses->fd = -1;
    return addresses;
}

static void addresses_free(void *state)
{
    addresses_listen(state, NULL, FALSE);
    g_free(state);
}

const Family family_event_addresses = {
    .name = "event-addresses",
    .commands = (const Command *const[]){ NULL },
    .events = (const Event *const[]){ &event_address_changed, NULL },
    .init = addresses_init,
    .free = addresses_free,
    .listen = addresses_listen,
};
