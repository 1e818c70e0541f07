/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What goes into a pipe, written by the main loop as the pipe takes it. A reader
 * that goes away is no error: what it did not want is dropped. Bytes are wiped
 * when they are no longer needed. SIGPIPE must be ignored.
 */
typedef struct Feed Feed;

/* All was written, or nobody reads any more. */
typedef void (*FeedFunc)(Feed *feed, gpointer data);

/* Writes to @fd, which is the feed's from now on. @func must not free the feed. */
Feed *feed_new(int fd, FeedFunc func, gpointer data);
void feed_free(Feed *feed);

/* Appends a block of g_malloc(), which is the feed's from now on; gone if that is closed. */
void feed_push(Feed *feed, char *block, gsize len);
/* Closes the pipe once all is written. */
void feed_close(Feed *feed);

/* More can be pushed. */
gboolean feed_open(const Feed *feed);
/* Bytes not yet written. */
gsize feed_waiting(const Feed *feed);
