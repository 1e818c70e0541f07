/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/command-set.h"
#include "channel/conn.h"

/*
 * Events on their way from the families to the hosts that asked for them. A host
 * that does not read gets no more than EVENTS_UNREAD of them queued; the others are
 * dropped, counted, and the next one that it gets says how many.
 */
typedef struct Events Events;

/* What one host has asked for; ends with its connection. */
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
 * Sends @event with @data, a C value of its type, to whoever subscribed to it. From
 * any thread; @data is the caller's again at once. From the main thread it is queued
 * for its hosts when this returns, even after the loop's end.
 */
void events_emit(Events *events, const Event *event, const void *data);

/* How many were not sent because a host did not read. */
guint64 events_lost(const Events *events);

/* Subscribed to nothing yet. */
Subscriber *subscriber_new(Events *events, Conn *conn);
void subscriber_free(Subscriber *subscriber);

/* From now on it gets the @n events of @chosen and no others. */
void subscriber_choose(Subscriber *subscriber, const Event *const *chosen, gsize n);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Subscriber, subscriber_free)
