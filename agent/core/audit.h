/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/*
 * One log line for a command that changes the guest or was refused: its name, the arguments
 * that its table calls decisive, the channel, the outcome (@error NULL: done)
 * and @duration in microseconds. Nothing secret is part of it. @args may be
 * NULL where they were not understood.
 */
void audit(const Command *command, const void *args, const char *channel, const GError *error,
           gint64 duration);

/* The line itself, to be freed; for tests. */
char *audit_line(const Command *command, const void *args, const char *channel,
                 const GError *error, gint64 duration);
