/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/child-input.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <string.h>
#include <unistd.h>

/* Bytes that one child gets in one turn of the main loop. */
#define SHARE (256 * 1024)

typedef struct {
    char *data;
    gsize len;
} Block;

struct Feed {
    int fd; /* -1: closed */
    guint source; /* while something waits */
    FeedFunc func;
    gpointer data;
    GQueue blocks; /* of Block */
    gsize written; /* of the first */
    gsize waiting; /* bytes */
    gboolean closing;
};

static void drop_first(Feed *feed)
{
    Block *block = g_queue_pop_head(&feed->blocks);

    feed->waiting -= block->len - feed->written;
    feed->written = 0;
    explicit_bzero(block->data, block->len);
    g_free(block->data);
    g_free(block);
}

static void end(Feed *feed)
{
    while (feed->blocks.length)
        drop_first(feed);
    if (feed->fd >= 0)
        close(feed->fd);
    feed->fd = -1;
    feed->closing = TRUE;
}

/* Returns FALSE if the pipe takes no more, for now or for good. */
static gboolean write_piece(Feed *feed, gsize *share)
{
    const Block *block = g_queue_peek_head(&feed->blocks);
    gsize len = MIN(block->len - feed->written, *share);
    ssize_t n = write(feed->fd, block->data + feed->written, len);

    if (n < 0) {
        if (errno != EAGAIN && errno != EINTR)
            end(feed);
        return errno == EINTR;
    }
    feed->written += (gsize)n;
    feed->waiting -= (gsize)n;
    *share -= (gsize)n;
    if (feed->written == block->len)
        drop_first(feed);
    return TRUE;
}

static void write_share(Feed *feed)
{
    gsize share = SHARE;

    while (feed->blocks.length && share > 0 && write_piece(feed, &share))
        ;
    if (feed->closing && !feed->blocks.length)
        end(feed);
}

static gboolean on_ready(gint fd, GIOCondition condition, gpointer data)
{
    Feed *feed = data;

    (void)fd;
    if (condition & G_IO_ERR) /* the reader has closed its end */
        end(feed);
    else
        write_share(feed);
    if (feed->blocks.length)
        return G_SOURCE_CONTINUE;
    feed->source = 0;
    feed->func(feed, feed->data);
    return G_SOURCE_REMOVE;
}

Feed *feed_new(int fd, FeedFunc func, gpointer data)
{
    Feed *feed = g_new0(Feed, 1);

    fcntl(fd, F_SETFL, O_NONBLOCK);
    feed->fd = fd;
    feed->func = func;
    feed->data = data;
    g_queue_init(&feed->blocks);
    return feed;
}

void feed_free(Feed *feed)
{
    if (!feed)
        return;
    if (feed->source)
        g_source_remove(feed->source);
    end(feed);
    g_free(feed);
}

void feed_push(Feed *feed, char *data, gsize len)
{
    Block *block;

    if (!feed_open(feed) || len == 0) {
        explicit_bzero(data, len);
        g_free(data);
        return;
    }
    block = g_new(Block, 1);
    *block = (Block){ data, len };
    g_queue_push_tail(&feed->blocks, block);
    feed->waiting += len;
    if (!feed->source)
        feed->source = g_unix_fd_add(feed->fd, G_IO_OUT | G_IO_ERR, on_ready, feed);
}

void feed_close(Feed *feed)
{
    feed->closing = TRUE;
    if (!feed->blocks.length)
        end(feed);
}

gboolean feed_open(const Feed *feed)
{
    return !feed->closing;
}

gsize feed_waiting(const Feed *feed)
{
    return feed->waiting;
}
