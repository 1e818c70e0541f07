/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "agent/schema/envelope.h"

/*
 * --trace-wire: logs the dialogue, "> " for requests and "< " for replies. Secret members are
 * blanked, and so are the arguments of a command without a table, because it is not known which of
 * them are secret.
 */
void trace_request(const char *channel, const Request *request, const Command *command);

/* A message that is not a request. Its error text may quote a secret, so it is not logged. */
void trace_fault(const char *channel);

/* @result is NULL with @error set, or where a command returns nothing. */
void trace_reply(const char *channel, const Command *command, const void *result,
                 const GError *error);

/* @line is the event as it is sent, with its newline. */
void trace_event(const char *channel, const GString *line);
