/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <json-glib/json-glib.h>

#include "host/base/deadline.h"

/* QEMU's monitor. Not for several threads at once. */
typedef struct Qmp Qmp;

/* Connects to @address (see wire_open()) and negotiates. NULL with @error set. */
Qmp *qmp_open(const char *address, const Deadline *deadline, GError **error);
/* The same on the socket @fd, which is connected and is taken. */
Qmp *qmp_open_fd(int fd, const Deadline *deadline, GError **error);
void qmp_close(Qmp *qmp);

/*
 * Runs a command. @arguments (NULL for none) is taken. Returns the command's return value,
 * which the caller owns, or NULL with @error: GUESTD_ERROR_REFUSED with QEMU's text, or
 * one of the errors of the wire. Events that come meanwhile are kept for qmp_event().
 */
JsonNode *qmp_call(Qmp *qmp, const char *execute, JsonObject *arguments, const Deadline *deadline,
                   GError **error);

/* As qmp_call(), for a command that returns nothing of interest. */
gboolean qmp_do(Qmp *qmp, const char *execute, JsonObject *arguments, const Deadline *deadline,
                GError **error);

/*
 * Waits again for the answer to the last qmp_call(), which did not come in time. Returns
 * FALSE with @error as there.
 */
gboolean qmp_await(Qmp *qmp, const char *execute, const Deadline *deadline, GError **error);

/* Whether @event (an object with "event" and "data") is the one that is waited for. */
typedef gboolean (*QmpMatch)(JsonObject *event, gpointer data);

/*
 * Waits for the first event, kept or new, that @match accepts; those before it are
 * dropped. Returns it, the caller's, or NULL with @error set.
 */
JsonObject *qmp_event(Qmp *qmp, QmpMatch match, gpointer data, const Deadline *deadline,
                      GError **error);

/* Drops the events that came so far. */
void qmp_forget_events(Qmp *qmp);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Qmp, qmp_close)
