/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/schema/command.h"
#include "lib/errors.h"

/* Subscription to events, which other families emit. */

typedef struct {
    List events; /* of const char * */
} Subscription;

static const Type subscribe_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(Subscription),
    .fields = (const Field[]){
        REQUIRED(Subscription, events, "events", &type_string_list,
                 .doc = "names of events, as listed by guestd-info; an empty list ends the "
                        "subscription"),
        FIELDS_END,
    },
};

static const Type subscription = {
    .kind = TYPE_OBJECT,
    .name = "GuestdSubscription",
    .size = sizeof(Subscription),
    .fields = (const Field[]){
        REQUIRED(Subscription, events, "events", &type_string_list,
                 .doc = "events that this connection is subscribed to now"),
        FIELDS_END,
    },
};

static const Event *find_event(const Services *services, const char *name)
{
    const Event *event;

    for (gsize i = 0; (event = services->event_at(services->agent, i)); i++)
        if (g_str_equal(event->name, name))
            return event;
    return NULL;
}

static gboolean names_event(const List *names, const char *name)
{
    for (gsize i = 0; i < names->len; i++)
        if (g_str_equal(*list_at(names, const char *, i), name))
            return TRUE;
    return FALSE;
}

static gboolean subscribe_run(Call *call, GError **error)
{
    const List *names = &((const Subscription *)call->args)->events;
    const Services *services = call->services;
    Subscription *result = call->result;
    g_autoptr(GPtrArray) chosen = g_ptr_array_new();
    const Event *event;

    for (gsize i = 0; i < names->len; i++) {
        const char *name = *list_at(names, const char *, i);

        if (!find_event(services, name))
            return set_error(error, "Parameter 'events' does not accept value '%s'", name);
    }
    for (gsize i = 0; (event = services->event_at(services->agent, i)); i++) {
        if (!names_event(names, event->name))
            continue;
        g_ptr_array_add(chosen, (gpointer)event);
        *(const char **)list_append(&result->events, call->arena, sizeof(const char *)) =
            event->name;
    }
    services->subscribe(call, (const Event *const *)chosen->pdata, chosen->len);
    return TRUE;
}

static const Command guestd_subscribe = {
    .name = "guestd-subscribe",
    .rank = 1002,
    .since = "guestd 0.1",
    .doc = "Receive events on this connection until it ends, or until the next such command; on a virtio "
           "port or serial line also until the next guest-sync-delimited",
    .flags = COMMAND_READS | COMMAND_WHILE_FROZEN,
    .args = &subscribe_args,
    .returns = &subscription,
    .run = subscribe_run,
};

const Family family_events = {
    .name = "events",
    .commands = (const Command *const[]){ &guestd_subscribe, NULL },
};
