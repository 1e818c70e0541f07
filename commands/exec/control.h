/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/exec/process.h"

/* The commands for processes of guest-exec that are still running. */
extern const Command guestd_exec_read, guestd_exec_write, guestd_exec_kill, guestd_exec_list;

/* Sets @error for a @value of @argument that is out of range, and returns FALSE. */
gboolean exec_refuse(GError **error, const char *argument, gint64 value);

/* Returns the process that a guestd-* command names, or NULL with @error set. */
Process *exec_find_for(const Call *call, gint64 pid, GError **error);

/* The longest time that a request may wait for a process. */
#define EXEC_MAX_WAIT_MS (60 * 60 * 1000)
