/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/child-output.h"

#include <errno.h>
#include <fcntl.h>
#include <glib-unix.h>
#include <unistd.h>

/* Bytes that are read from one child in one turn of the main loop. */
#define SHARE (256 * 1024)
#define FIRST_BLOCK 4096
#define PIECE (64 * 1024)
/* The default of /proc/sys/fs/pipe-max-size (pipe(7)). */
#define LARGEST_PIPE (1024 * 1024)

struct Capture {
    int fd;
    guint source; /* 0: at the end */
    gsize limit;
    CaptureBudget *budget;
    CaptureFunc func;
    gpointer data;
    /* One block that grows by doubling. mremap(2) moves a large one without copying. */
    char *block;
    gsize len;
    gsize capacity;
    gboolean truncated;
    gboolean dropping;
};

static gsize room(const Capture *capture)
{
    gsize own = capture->limit - capture->len;
    gsize common = capture->budget->limit - MIN(capture->budget->kept, capture->budget->limit);

    return capture->dropping ? 0 : MIN(own, common);
}

static ssize_t read_dropped(Capture *capture)
{
    char piece[PIECE];
    ssize_t n = read(capture->fd, piece, sizeof piece);

    if (n > 0)
        capture->truncated = TRUE;
    return n;
}

static ssize_t read_kept(Capture *capture, gsize most)
{
    ssize_t n;

    if (capture->len == capture->capacity) {
        capture->capacity = CLAMP(capture->capacity * 2, FIRST_BLOCK, capture->limit);
        capture->block = g_realloc(capture->block, capture->capacity);
    }
    n = read(capture->fd, capture->block + capture->len,
             MIN(capture->capacity - capture->len, most));
    if (n > 0) {
        capture->len += (gsize)n;
        capture->budget->kept += (gsize)n;
    }
    return n;
}

/* Reads up to @share bytes; returns FALSE at the end. */
static gboolean read_share(Capture *capture, gsize share)
{
    while (share > 0) {
        gsize most = room(capture);
        ssize_t n = most ? read_kept(capture, most) : read_dropped(capture);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 && errno == EAGAIN;
        share -= MIN((gsize)n, share);
    }
    return TRUE;
}

static void end(Capture *capture)
{
    close(capture->fd);
    capture->fd = -1;
    capture->source = 0;
}

static gboolean on_ready(gint fd, GIOCondition condition, gpointer data)
{
    Capture *capture = data;
    gboolean more = read_share(capture, SHARE);

    (void)fd;
    (void)condition;
    if (!more)
        end(capture);
    if (!more || !capture->dropping)
        capture->func(capture, capture->data);
    return more;
}

Capture *capture_new(int fd, gsize limit, CaptureBudget *budget, CaptureFunc func, gpointer data)
{
    Capture *capture = g_new0(Capture, 1);

    fcntl(fd, F_SETFL, O_NONBLOCK);
    capture->fd = fd;
    capture->limit = limit;
    capture->budget = budget;
    capture->func = func;
    capture->data = data;
    capture->source = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_ready, capture);
    return capture;
}

static void forget_data(Capture *capture)
{
    capture->budget->kept -= capture->len;
    capture->block = NULL;
    capture->len = capture->capacity = 0;
}

void capture_free(Capture *capture)
{
    if (!capture)
        return;
    if (capture->source)
        g_source_remove(capture->source);
    if (capture->fd >= 0)
        close(capture->fd);
    g_free(capture->block);
    forget_data(capture);
    g_free(capture);
}

gboolean capture_ended(const Capture *capture)
{
    return capture->fd < 0;
}

gboolean capture_truncated(const Capture *capture)
{
    return capture->truncated;
}

const char *capture_data(const Capture *capture, gsize *len)
{
    *len = capture->len;
    return capture->block;
}

char *capture_take(Capture *capture, gsize *len)
{
    char *block = capture->block;

    *len = capture->len;
    forget_data(capture);
    return block;
}

void capture_catch_up(Capture *capture)
{
    if (capture->fd < 0 || read_share(capture, LARGEST_PIPE))
        return;
    g_source_remove(capture->source);
    end(capture);
}

void capture_drop(Capture *capture, CaptureFunc func, gpointer data)
{
    g_free(capture->block);
    forget_data(capture);
    capture->dropping = TRUE;
    capture->func = func;
    capture->data = data;
}
