/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/path-watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FALLBACK_SECONDS 5

#define DIRECTORY_EVENTS                                                                           \
    (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct PathWatch {
    char *path;
    PathWatchFunc func;
    gpointer data;
    int fd;
    guint source;
};

static void watch_directories(PathWatch *watch)
{
    g_autofree char *dir = g_path_get_dirname(watch->path);

    for (;;) {
        g_autofree char *parent = NULL;

        /* A directory that is not there is waited for in the one above. */
        inotify_add_watch(watch->fd, dir, DIRECTORY_EVENTS);
        parent = g_path_get_dirname(dir);
        if (g_str_equal(parent, dir))
            return;
        g_free(dir);
        dir = g_steal_pointer(&parent);
    }
}

static gboolean on_inotify(int fd, GIOCondition condition, gpointer data)
{
    PathWatch *watch = data;
    char events[4096];

    (void)condition;
    while (read(fd, events, sizeof events) > 0)
        ;
    watch_directories(watch);
    watch->func(watch->data);
    return G_SOURCE_CONTINUE;
}

static gboolean on_timer(gpointer data)
{
    PathWatch *watch = data;

    watch->func(watch->data);
    return G_SOURCE_CONTINUE;
}

PathWatch *path_watch_new(const char *path, PathWatchFunc func, gpointer data)
{
    PathWatch *watch = g_new0(PathWatch, 1);

    watch->path = g_strdup(path);
    watch->func = func;
    watch->data = data;
    watch->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (watch->fd < 0) {
        watch->source = g_timeout_add_seconds(FALLBACK_SECONDS, on_timer, watch);
        return watch;
    }
    watch_directories(watch);
    watch->source = g_unix_fd_add(watch->fd, G_IO_IN, on_inotify, watch);
    return watch;
}

void path_watch_closes(PathWatch *watch)
{
    if (watch->fd >= 0)
        inotify_add_watch(watch->fd, watch->path, IN_CLOSE | IN_DELETE_SELF);
}

void path_watch_free(PathWatch *watch)
{
    if (!watch)
        return;
    g_source_remove(watch->source);
    if (watch->fd >= 0)
        close(watch->fd);
    g_free(watch->path);
    g_free(watch);
}
