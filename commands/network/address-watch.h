/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <net/if.h>

#include "commands/parse/address-message.h"

/*
 * Makes of what the kernel says about addresses what has changed: it also repeats those that
 * stay, and when it could not keep up, the whole list must be asked for again.
 * No I/O: whoever has the socket hands in what it received.
 */
typedef struct AddressWatch AddressWatch;

typedef struct {
    /* @interface is "" where its name is not known (any more). */
    void (*changed)(gpointer data, const Address *address, const char *interface,
                    gboolean removed);
    /* As if_indextoname(3). */
    char *(*interface_name)(unsigned index, char *name);
} AddressWatchEvents;

AddressWatch *address_watch_new(const AddressWatchEvents *events, gpointer data);
void address_watch_free(AddressWatch *watch);

/*
 * A list will come from a new socket, to which the kernel gave the netlink port @port. The
 * first one tells what there is; of a later one what is new is news, and what it lacks is gone.
 */
void address_watch_begin_list(AddressWatch *watch, guint32 port);

/*
 * Takes what one recv(2) returned, aligned as a struct nlmsghdr. Returns FALSE if the list
 * has to be asked for again, as it changed while it was being made.
 */
gboolean address_watch_take(AddressWatch *watch, const void *messages, gsize len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AddressWatch, address_watch_free)
