/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The process's log: the journal with structured fields if standard error is connected to it,
 * otherwise a file or standard error in qemu-ga's format. Messages are written with g_debug() to
 * g_critical() and with log_fields(), from any thread.
 */
typedef struct Log Log;

/* Lines that wait to be written, and their bytes; beyond either, the oldest are dropped. */
#define LOG_MAX_LINES 1000
#define LOG_MAX_BYTES (4u * 1024 * 1024)
/* How long log_stop() waits for lines that cannot be written. */
#define LOG_STOP_LIMIT_US (2 * G_USEC_PER_SEC)

/*
 * Becomes the process's log writer (GLib allows one for all threads); to be called once, before
 * anything is logged. Lines go to standard error until log_open(), each before the call that logs
 * it returns.
 */
Log *log_start(void);

/*
 * Sets the sink: @path to append to, or NULL for the journal or standard error. With @verbose,
 * info and debug messages are written too. Returns FALSE with @error set if @path cannot be
 * opened; then the sink stays what it was.
 */
gboolean log_open(Log *log, const char *path, gboolean verbose, GError **error);

/*
 * From now on a thread writes the lines, and logging never waits for a filesystem, a pipe or the
 * journal. The thread exists only while lines wait, so an idle agent has none; what it cannot
 * write is dropped as LOG_MAX_LINES says, and the log reports the count as soon as it can. The
 * process must not fork afterwards, except to execute a program.
 */
void log_run_in_background(Log *log);

/* One journal field besides the message; names carry the prefix GUESTD_. */
typedef struct {
    const char *name;
    const char *value;
} LogField;

/* Logs @message with @n_fields fields; text sinks show the message alone. */
void log_fields(GLogLevelFlags level, const LogField *fields, gsize n_fields, const char *message);

/*
 * With @hold, keeps lines in memory instead of writing them, because the file may be on a frozen
 * filesystem; without, writes what was kept, each line with its own time. Waits a moment for lines
 * that are on their way to a file: to be called from workers.
 */
void log_hold(Log *log, gboolean hold);

/*
 * Waits until @until (monotonic microseconds) for all lines to be written. Returns whether they
 * are; lines that are held do not count.
 */
gboolean log_flush(Log *log, gint64 until);

/*
 * Flushes for at most LOG_STOP_LIMIT_US; lines that are held are lost. The log stays open, because
 * GLib cannot take back a log writer: later lines are still written. For the end of the process.
 */
void log_stop(Log *log);
