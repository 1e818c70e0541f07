/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/wire/wire.h"

/*
 * A dialogue with an agent over its socket. It never takes an earlier reply for its own:
 * it begins with 0xFF and guest-sync-delimited and drops what comes before the echo,
 * and does so again after anything that went wrong.
 */
typedef struct AgentClient AgentClient;

/* @address as for wire_open(), kept by the caller. Connects when it is first needed. */
AgentClient *agent_client_new(const char *address);
void agent_client_free(AgentClient *client);

/*
 * Sends the line @text and waits for the reply, whose whole text is put into @reply (the
 * caller's). With @reply NULL none is expected and none waited for. Returns FALSE with @error set:
 * GUESTD_ERROR_UNREACHABLE, _TIMED_OUT, _CANCELLED, or _FAILED if the reply is invalid; with a
 * limit for the reply _UNANSWERED if it is not there by then, and will be dropped.
 */
gboolean agent_client_ask(AgentClient *client, const GString *text, GString **reply,
                          const Deadline *deadline, GError **error);

/*
 * Waits for the next event line of an agent that was asked for some (guestd-subscribe).
 */
gboolean agent_client_event(AgentClient *client, GString **event, const Deadline *deadline,
                            GError **error);

/* Ends the connection; the next request makes a new one. */
void agent_client_hang_up(AgentClient *client);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(AgentClient, agent_client_free)
