/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Data for a pipe, which the main loop writes as the pipe takes it. A reader that closes its end is
 * not an error: the rest is dropped. Bytes are wiped when they are no longer needed. SIGPIPE must
 * be ignored.
 */
typedef struct Feed Feed;

/* Everything is written, or the reader has closed its end. */
typedef void (*FeedFunc)(Feed *feed, gpointer data);

/* Takes ownership of @fd and writes to it. @func must not free the feed. */
Feed *feed_new(int fd, FeedFunc func, gpointer data);
void feed_free(Feed *feed);

/* Appends @block from g_malloc() and takes ownership of it; a closed feed frees it at once. */
void feed_push(Feed *feed, char *block, gsize len);
/* Closes the pipe once everything is written. */
void feed_close(Feed *feed);

/* Whether feed_push() still has an effect. */
gboolean feed_open(const Feed *feed);
/* The number of bytes that are not written yet. */
gsize feed_waiting(const Feed *feed);
