/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/*
 * Logs one line for a command that changes the guest or was refused: its name, the arguments that
 * its table marks as audited, the channel, the outcome (@error NULL: done) and @duration in
 * microseconds, without secrets. @args may be NULL if they were invalid.
 */
void audit(const Command *command, const void *args, const char *channel, const GError *error,
           gint64 duration);

/* The line itself, to be freed; for tests. */
char *audit_line(const Command *command, const void *args, const char *channel,
                 const GError *error, gint64 duration);
