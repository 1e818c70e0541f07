/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/command-set.h"
#include "channel/conn.h"

/*
 * Events from the families to the hosts that subscribed. A host that does not read gets at most
 * EVENTS_UNREAD lines queued; further events are dropped and counted, and the next one that is sent
 * carries the count.
 */
typedef struct Events Events;

/* The subscription of one host; it ends with the connection. */
typedef struct Subscriber Subscriber;

/* Lines that may wait for one host to read them, and their bytes. */
#define EVENTS_UNREAD 128
#define EVENTS_UNREAD_BYTES (64u * 1024)
/* Lines that may wait for the main thread. */
#define EVENTS_COMING 256

/* Both arguments must outlive it. Called on the main thread. */
Events *events_new(const CommandSet *set, const Services *services);
void events_free(Events *events);

/*
 * Sends @event with @data, a C value of its type, to all subscribers. From any thread; @data stays
 * the caller's. On the main thread it is queued for its hosts when this returns, even after the end
 * of the loop.
 */
void events_emit(Events *events, const Event *event, const void *data);

/* The number of events that were dropped because a host did not read. */
guint64 events_lost(const Events *events);

/* Subscribed to nothing yet. */
Subscriber *subscriber_new(Events *events, Conn *conn);
void subscriber_free(Subscriber *subscriber);

/* Replaces the subscription by the @n events of @chosen. */
void subscriber_choose(Subscriber *subscriber, const Event *const *chosen, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Subscriber, subscriber_free)
