/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Where log lines go: the journal with structured fields when standard error is
 * connected to it, else a file or standard error in qemu-ga's format. Messages
 * are written with g_debug() … g_critical() and log_fields().
 */
typedef struct Log Log;

/*
 * Becomes the process's log writer (GLib has one for all threads); to be called
 * once, first of all. Lines go to standard error until log_open().
 */
Log *log_start(void);

/*
 * Sets the sink: @path to append to, or NULL for the journal or standard error.
 * With @verbose, info and debug messages are written too. Returns FALSE with
 * @error set if @path cannot be opened.
 */
gboolean log_open(Log *log, const char *path, gboolean verbose, GError **error);

/* One journal field besides the message; names carry the prefix GUESTD_. */
typedef struct {
    const char *name;
    const char *value;
} LogField;

/* Writes @message with @n_fields fields; text sinks show the message alone. */
void log_fields(GLogLevelFlags level, const LogField *fields, gsize n_fields, const char *message);

/*
 * With @hold, keeps lines in memory instead of writing them, as the file may be
 * on a frozen filesystem; without, writes what was kept, each with its own time.
 * Of too many lines the oldest are dropped, and their number is told.
 */
void log_hold(Log *log, gboolean hold);

/* Writes out and closes. The log must not be used afterwards. */
void log_stop(Log *log);
