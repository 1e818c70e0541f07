/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/deadline.h"

/* As much of HTTP as a page that is asked for by GET needs. */

/*
 * Makes the body of the page at @path, or returns NULL: then there is none. @budget_ms is the
 * time the client waits, by Prometheus' header, or 0. A status other than 200 goes into
 * @status.
 */
typedef GString *(*HttpPage)(const char *path, gint64 budget_ms, int *status, gpointer data);

/*
 * Listens on @address ("HOST:PORT", numeric; "[::1]:PORT"). Returns the descriptor, or -1 with
 * @error set. A @port of 0 becomes what was found.
 */
int http_listen(const char *address, guint16 *port, GError **error);

/* Serves until the user gives up, a few clients at a time. FALSE with @error on failure. */
gboolean http_serve(int listener, int cancel_fd, HttpPage page, gpointer data, GError **error);
