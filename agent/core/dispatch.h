/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/command-set.h"
#include "agent/core/event-queue.h"

/*
 * Carries requests from connections to commands and replies back. Requests of a
 * connection are worked on one after the other and answered in their order;
 * connections do not wait for each other. guest-sync is a barrier: it is
 * answered at once, and replies still due for earlier requests are dropped,
 * though their work goes on.
 */
typedef struct Dispatch Dispatch;

typedef struct {
    guint64 requests;
    guint64 errors;
    guint64 voided;
    guint64 connections;
    guint running; /* on workers */
} DispatchFigures;

/* All arguments must outlive the dispatch. */
Dispatch *dispatch_new(const CommandSet *set, const Services *services);

/* Commands that are still running are not waited for. */
void dispatch_free(Dispatch *dispatch);

/* While @frozen, only the commands for that state are served. From any thread. */
void dispatch_set_frozen(Dispatch *dispatch, gboolean frozen);

/* Whether @command would be served now. */
gboolean dispatch_allows(const Dispatch *dispatch, const Command *command);

const DispatchFigures *dispatch_figures(const Dispatch *dispatch);

/* For Services.complete and Services.subscribe. */
void dispatch_complete(Call *call, GError *error);
void dispatch_subscribe(Call *call, const Event *const *events, gsize n);

/* Events for its hosts are emitted there. */
Events *dispatch_get_events(Dispatch *dispatch);

/* What the channel tells, for its ConnEvents. */
void dispatch_opened(Dispatch *dispatch, Conn *conn);
void dispatch_frame(Dispatch *dispatch, Conn *conn, Frame *frame);
void dispatch_drained(Dispatch *dispatch, Conn *conn);
void dispatch_closed(Dispatch *dispatch, Conn *conn);
