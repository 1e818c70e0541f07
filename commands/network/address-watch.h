/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <net/if.h>

#include "commands/parse/address-message.h"

/*
 * Derives changes from the kernel's messages about addresses: the kernel repeats addresses that
 * stay, and after an overrun the whole list must be requested again. Without input or output:
 * the owner of the socket passes in what it received. Main thread.
 */
typedef struct AddressWatch AddressWatch;

typedef struct {
    /* @interface is "" if its name is unknown. */
    void (*changed)(gpointer data, const Address *address, const char *interface,
                    gboolean removed);
    /* As if_indextoname(3). */
    char *(*interface_name)(unsigned index, char *name);
} AddressWatchEvents;

AddressWatch *address_watch_new(const AddressWatchEvents *events, gpointer data);
void address_watch_free(AddressWatch *watch);

/*
 * Announces a list from a new socket, to which the kernel gave the netlink port @port. Addresses
 * of the first list are not reported; those that are new in a later one, or missing from it,
 * are.
 */
void address_watch_begin_list(AddressWatch *watch, guint32 port);

/*
 * Takes the bytes of one recv(2), aligned as a struct nlmsghdr. Returns FALSE if the list must
 * be requested again, as it changed during the dump (NLM_F_DUMP_INTR, Linux 3.1).
 */
gboolean address_watch_take(AddressWatch *watch, const void *messages, gsize len);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AddressWatch, address_watch_free)
