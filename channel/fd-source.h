/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * A watch on one descriptor in the thread's default main context. @func runs
 * when a watched condition holds, and after fd_source_wake(); @condition is
 * what holds. It may destroy the source.
 */
typedef struct FdSource FdSource;

typedef void (*FdSourceFunc)(GIOCondition condition, gpointer data);

FdSource *fd_source_new(int fd, GIOCondition condition, FdSourceFunc func, gpointer data);
void fd_source_free(FdSource *source);

/* Hang-up and errors are reported besides @condition, also when that is 0. */
void fd_source_watch(FdSource *source, GIOCondition condition);

/* Reports nothing at all until the next fd_source_watch(). */
void fd_source_ignore(FdSource *source);

/* Runs @func in the next turn of the loop; from the loop's own thread. */
void fd_source_wake(FdSource *source);
