/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The directory of one appliance below the caller's runtime directory, in which its users find it:
 *
 *   agent    the socket of its agent
 *   data     the socket of its port for contents of files
 *   keeper   locked by the process that started it (fcntl(2), so that its number is known); holds
 *            the description of what it shows
 *   use      locked by its user (flock(2)); its time of modification is the end of the last use
 */
typedef struct {
    char *dir;
    char *agent, *data;
    char *keeper;
    char *use;
    int use_fd; /* -1: not locked by this process */
} Place;

/* The place for the appliance called @key; makes the directory. FALSE with @error set. */
gboolean place_init(Place *place, const char *key, GError **error);
void place_clear(Place *place);

/*
 * Takes the lock of the appliance's users, and waits for at most @wait_ms until another has given it
 * up. FALSE with @error set, also once @cancel_fd is readable.
 */
gboolean place_take(Place *place, gint64 wait_ms, int cancel_fd, GError **error);
/* Gives it back, and notes the time. */
void place_give(Place *place);

/* Microseconds (real time) of the end of the last use. */
gint64 place_last_use(const Place *place);

/* The keys of all places of this user, each of which has or had an appliance; the caller's. */
GPtrArray *place_keys(void);

/* The process that keeps the appliance; 0: there is none. */
int place_keeper(const Place *place);

/* Removes the directory, which is not in use; this process has the users' lock. */
void place_remove(Place *place);
