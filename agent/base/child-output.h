/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Output of a pipe, which the main loop reads as it arrives. A part is kept; the rest is read and
 * dropped, so that a writer never blocks.
 */
typedef struct Capture Capture;

/* A limit that several captures share, in bytes. */
typedef struct {
    gsize kept;
    gsize limit;
} CaptureBudget;

/* Called after more data arrived and at end of file. */
typedef void (*CaptureFunc)(Capture *capture, gpointer data);

/*
 * Takes ownership of @fd, reads it, and keeps up to @limit bytes within @budget. @func must not
 * free the capture before capture_ended().
 */
Capture *capture_new(int fd, gsize limit, CaptureBudget *budget, CaptureFunc func, gpointer data);
void capture_free(Capture *capture);

/* Whether all writers have closed their end. */
gboolean capture_ended(const Capture *capture);
/* Whether data was dropped. */
gboolean capture_truncated(const Capture *capture);

const char *capture_data(const Capture *capture, gsize *len);
/*
 * Returns the kept data as a block of g_malloc(), or NULL, and no longer counts it in the budget.
 */
char *capture_take(Capture *capture, gsize *len);

/* Reads what the pipe holds now, at most the capacity of a pipe. */
void capture_catch_up(Capture *capture);

/* Drops everything from now on; @func is called at end of file only. */
void capture_drop(Capture *capture, CaptureFunc func, gpointer data);
