/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/exec/process.h"

/* Dealing with processes of guest-exec while they run. */
extern const Command guestd_exec_read, guestd_exec_write, guestd_exec_kill, guestd_exec_list;

/* Sets the error for a value out of range; returns FALSE. */
gboolean exec_refuse(GError **error, const char *argument, gint64 value);

/* The process that a guestd-* command names, or NULL with @error set. */
Process *exec_find_for(const Call *call, gint64 pid, GError **error);

/* The longest time a request may wait for a process. */
#define EXEC_MAX_WAIT_MS (60 * 60 * 1000)
