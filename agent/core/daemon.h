/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A pid file that stays open and locked as long as its daemon lives. */
typedef struct {
    char *path;
    int fd;
} PidFile;

/* Writes our pid. Returns NULL with @error set if another daemon holds the file. */
PidFile *pid_file_create(const char *path, GError **error);

/* Removes the file. */
void pid_file_free(PidFile *file);

/*
 * Goes on in a child of its own session, at /, with the standard streams on
 * /dev/null; the calling process exits 0. No thread may run yet. Returns FALSE
 * with @error set in the calling process if it cannot fork.
 */
gboolean daemonize(GError **error);

/*
 * The socket that systemd listens on for us: *@fd is -1 if there is none, else
 * *@method is its channel method. Removes the variables that announced it.
 * Returns FALSE with @error set if what is announced cannot be served.
 */
gboolean activated_socket(int *fd, const char **method, GError **error);

/*
 * Sends systemd two keep-alive messages within each WatchdogSec= of the unit, from the main
 * loop. Returns the id of a source, or 0 where the unit sets no watchdog: then no timer runs.
 */
guint watchdog_start(void);
