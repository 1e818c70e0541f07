/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/conn.h"

/*
 * A host and an agent's end of a dialogue in one process: what the host says
 * goes through a socket pair to a Conn, as a channel serves it, and what comes
 * back is collected.
 */
typedef struct Link Link;

/* @name is the connection's. */
Link *link_new(const char *name, const ConnEvents *events, gpointer data);

/* The host leaves, if it has not, and the connection ends. */
void link_free(Link *link);

/* The host says @text, part of it later where the agent has no room for it now. */
void link_say(Link *link, const char *text);
void link_sayf(Link *link, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Whether the host reads what the agent sends; it does at first. */
void link_listen(Link *link, gboolean listen);

/* The host closes its end; waits until the agent has noticed. */
void link_hang_up(Link *link);

/* How many whole lines were received and not taken yet. */
guint link_lines(Link *link);

/* Waits for the next line and returns it without its newline, to be freed. */
char *link_take(Link *link);

/* Fails the test unless the next line is @wanted. */
void link_expect(Link *link, const char *wanted);
void link_expectf(Link *link, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Fails the test if anything was received that was not taken. */
void link_expect_silence(Link *link);

/* The agent's end; NULL once it has ended. */
Conn *link_conn(Link *link);
