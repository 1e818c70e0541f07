/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What comes out of a pipe, read by the main loop as it comes: a part is kept,
 * the rest is read and dropped so that no writer is ever held up.
 */
typedef struct Capture Capture;

/* What all captures together keep. */
typedef struct {
    gsize kept;
    gsize limit;
} CaptureBudget;

/* There is more, or the end was seen. */
typedef void (*CaptureFunc)(Capture *capture, gpointer data);

/*
 * Reads @fd, which is the capture's from now on, and keeps up to @limit bytes within @budget.
 * @func must not free the capture, unless that has ended.
 */
Capture *capture_new(int fd, gsize limit, CaptureBudget *budget, CaptureFunc func, gpointer data);
void capture_free(Capture *capture);

/* All writers have closed their end. */
gboolean capture_ended(const Capture *capture);
/* Something was dropped. */
gboolean capture_truncated(const Capture *capture);

const char *capture_data(const Capture *capture, gsize *len);
/* What was kept, as a block of g_malloc() or NULL; it no longer counts. */
char *capture_take(Capture *capture, gsize *len);

/* Reads what is in the pipe now, as much as one can hold. */
void capture_catch_up(Capture *capture);

/* From now on everything is dropped, and @func is called for the end only. */
void capture_drop(Capture *capture, CaptureFunc func, gpointer data);
