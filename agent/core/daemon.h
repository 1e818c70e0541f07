/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A pid file that stays open and locked as long as its daemon lives. */
typedef struct {
    char *path;
    int fd;
} PidFile;

/* Writes our pid. Returns NULL with @error set if another daemon holds the file. */
PidFile *pid_file_create(const char *path, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/* Removes the file. */
void pid_file_free(PidFile *file);

/*
 * Continues in a child with a session of its own, in /, with the standard streams on /dev/null; the
 * calling process exits with status 0. No other thread may exist. Returns FALSE with @error set if
 * fork(2) fails.
 */
gboolean daemonize(GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * The socket of systemd's socket activation: *@fd is -1 if there is none, otherwise *@method is its
 * channel method. Removes the variables of sd_listen_fds(3). Returns FALSE with @error set if the
 * agent cannot serve what was passed.
 */
gboolean activated_socket(int *fd, const char **method, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Sends systemd two keep-alive messages within each WatchdogSec= of the unit, from the main
 * loop. Returns the id of a source, or 0 where the unit sets no watchdog: then no timer runs.
 */
guint watchdog_start(void);
