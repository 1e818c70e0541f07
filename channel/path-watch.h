/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Reports when another attempt to open a path may succeed: a name on the way to it appeared,
 * changed or was closed. Uses inotify(7), so it does not wake up while nothing happens; without
 * inotify, a slow timer.
 */
typedef struct PathWatch PathWatch;

typedef void (*PathWatchFunc)(gpointer data);

/*
 * Watches every existing directory above @path. @func may free the watch. Try to open the path once
 * after this call, because earlier changes are not reported.
 */
PathWatch *path_watch_new(const char *path, PathWatchFunc func, gpointer data);
void path_watch_free(PathWatch *watch);

/* Also reports when another process closes the file itself (it was busy). */
void path_watch_closes(PathWatch *watch);
