/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/network/address-watch.h"

#include <string.h>

typedef struct {
    Address address; /* the key */
    char interface[IF_NAMESIZE]; /* an interface that is removed has no name any more */
    guint seen; /* in which list */
} Known;

struct AddressWatch {
    guint32 port; /* the sender of lists; other messages report changes by other processes */
    const AddressWatchEvents *events;
    gpointer data;
    GHashTable *known;
    guint list; /* number of lists so far */
    gboolean learning; /* the first list: nothing in it is new */
    gboolean interrupted;
};

static guint address_hash(gconstpointer key)
{
    const guint8 *bytes = key;
    guint hash = 0;

    for (gsize i = 0; i < sizeof(Address); i++)
        hash = hash * 31 + bytes[i];
    return hash;
}

static gboolean address_equal(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(Address)) == 0;
}

AddressWatch *address_watch_new(const AddressWatchEvents *events, gpointer data)
{
    AddressWatch *watch = g_new0(AddressWatch, 1);

    watch->events = events;
    watch->data = data;
    watch->known = g_hash_table_new_full(address_hash, address_equal, NULL, g_free);
    watch->learning = TRUE;
    return watch;
}

void address_watch_free(AddressWatch *watch)
{
    g_hash_table_unref(watch->known);
    g_free(watch);
}

void address_watch_begin_list(AddressWatch *watch, guint32 port)
{
    watch->port = port;
    watch->list++;
    watch->interrupted = FALSE;
}

static void tell(AddressWatch *watch, const Known *known, gboolean removed)
{
    watch->events->changed(watch->data, &known->address, known->interface, removed);
}

static void add(AddressWatch *watch, const Address *address, gboolean is_news)
{
    Known *known = g_hash_table_lookup(watch->known, address);

    if (known) {
        known->seen = watch->list;
        return;
    }
    known = g_new0(Known, 1);
    known->address = *address;
    known->seen = watch->list;
    if (!watch->events->interface_name(address->interface, known->interface))
        known->interface[0] = '\0';
    g_hash_table_insert(watch->known, &known->address, known);
    if (is_news)
        tell(watch, known, FALSE);
}

static void drop(AddressWatch *watch, const Address *address)
{
    Known *known = g_hash_table_lookup(watch->known, address);

    if (!known)
        return;
    tell(watch, known, TRUE);
    g_hash_table_remove(watch->known, address);
}

/* Reports the addresses of earlier lists that this one does not have as removed. */
static void end_list(AddressWatch *watch)
{
    GHashTableIter iter;
    gpointer value;

    watch->learning = FALSE;
    g_hash_table_iter_init(&iter, watch->known);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        if (((Known *)value)->seen == watch->list)
            continue;
        tell(watch, value, TRUE);
        g_hash_table_iter_remove(&iter);
    }
}

static void take_message(AddressWatch *watch, const struct nlmsghdr *message)
{
    gboolean listed = message->nlmsg_pid == watch->port;
    AddressMessage parsed;

    if (listed && (message->nlmsg_flags & NLM_F_DUMP_INTR))
        watch->interrupted = TRUE;
    if (listed && message->nlmsg_type == NLMSG_DONE && !watch->interrupted)
        end_list(watch);
    if (!address_message_parse(message, &parsed))
        return;
    if (parsed.removed)
        drop(watch, &parsed.address);
    else if (!parsed.unusable)
        add(watch, &parsed.address, !(listed && watch->learning));
}

gboolean address_watch_take(AddressWatch *watch, const void *messages, gsize len)
{
    const char *at = messages;
    gboolean again = FALSE;

    /* Not NLMSG_NEXT(): it goes past the end if the last message has an unaligned length. */
    while (len >= sizeof(struct nlmsghdr)) {
        const struct nlmsghdr *message = (const void *)at;
        gsize step;

        if (message->nlmsg_len < sizeof *message || message->nlmsg_len > len)
            break;
        take_message(watch, message);
        again = again || (message->nlmsg_type == NLMSG_DONE && watch->interrupted);
        step = MIN((gsize)NLMSG_ALIGN(message->nlmsg_len), len);
        at += step;
        len -= step;
    }
    return !again;
}
