/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Tells when it is worth trying to open a path again: something appeared,
 * changed or was closed on the way to it. Uses inotify, so nothing wakes up
 * while nothing happens; where inotify is not to be had, a slow timer.
 */
typedef struct PathWatch PathWatch;

typedef void (*PathWatchFunc)(gpointer data);

/*
 * Watches every existing directory above @path. @func may free the watch. Try
 * once more after this call: what came before it is not reported.
 */
PathWatch *path_watch_new(const char *path, PathWatchFunc func, gpointer data);
void path_watch_free(PathWatch *watch);

/* Also reports when somebody closes the file itself (it was busy). */
void path_watch_closes(PathWatch *watch);
