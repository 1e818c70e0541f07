/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "agent/schema/envelope.h"

/*
 * --trace-wire: the dialogue as log lines, "> " from the host and "< " to it.
 * What a command's tables call secret is blanked, and so are the arguments of
 * a command without a table: nobody can say what is secret in them.
 */
void trace_request(const char *channel, const Request *request, const Command *command);

/* A message that was no request. Its fault may quote a secret, so it is not shown. */
void trace_fault(const char *channel);

/* @result is NULL with @error set, or where a command returns nothing. */
void trace_reply(const char *channel, const Command *command, const void *result,
                 const GError *error);

/* @line is the event as it is sent, with its newline. */
void trace_event(const char *channel, const GString *line);
