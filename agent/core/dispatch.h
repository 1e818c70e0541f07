/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/command-set.h"
#include "agent/core/event-queue.h"

/*
 * Carries requests from connections to commands and replies back. The requests of one connection
 * run one after the other and are answered in order; connections do not wait for each other.
 * guest-sync is a barrier: it is answered at once, and replies still due for earlier requests are
 * dropped, though those requests still run.
 */
typedef struct Dispatch Dispatch;

/* All arguments must outlive the dispatch. */
Dispatch *dispatch_new(const CommandSet *set, const Services *services);

/* Commands that are still running are not waited for. */
void dispatch_free(Dispatch *dispatch);

/* While @frozen, only the commands for that state are served. From any thread. */
void dispatch_set_frozen(Dispatch *dispatch, gboolean frozen);

/* Whether @command would be served now. */
gboolean dispatch_allows(const Dispatch *dispatch, const Command *command);

/* Only the counters of requests, connections and events are filled. */
const AgentFigures *dispatch_figures(Dispatch *dispatch);

/* For Services.complete and Services.subscribe. */
void dispatch_complete(Call *call, GError *error);
void dispatch_subscribe(Call *call, const Event *const *events, gsize n);

/* Events for its hosts are emitted there. */
Events *dispatch_get_events(Dispatch *dispatch);

/* The events of its connections, for a channel; their data is the Dispatch. */
extern const ConnEvents dispatch_events;

/* Called whenever the host of @conn has connected or disconnected. */
typedef void (*HostFunc)(const Conn *conn, gboolean connected, gpointer data);
void dispatch_watch_hosts(Dispatch *dispatch, HostFunc func, gpointer data);
