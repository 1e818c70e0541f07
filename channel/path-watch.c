/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "channel/path-watch.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FALLBACK_SECONDS 5

/* Of events that are read at once; one alone takes up to NAME_MAX + 17 bytes. */
#define BUFFER_SIZE 4096

#define DIRECTORY_EVENTS                                                                           \
    (IN_CREATE | IN_MOVED_TO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct PathWatch {
    char *path;
    PathWatchFunc func;
    gpointer data;
    int fd;
    guint source;
    GHashTable *names; /* watch descriptor -> what is waited for in that directory */
    gboolean linked;   /* a symbolic link is on the way, and its target may be any other name */
};

static void watch_directories(PathWatch *watch)
{
    g_autofree char *below = g_strdup(watch->path);

    g_hash_table_remove_all(watch->names);
    watch->linked = FALSE;
    for (;;) {
        g_autofree char *dir = g_path_get_dirname(below);
        int wd;

        if (g_str_equal(dir, below))
            return;
        watch->linked = watch->linked || g_file_test(below, G_FILE_TEST_IS_SYMLINK);
        /* A missing directory is awaited in its parent. */
        wd = inotify_add_watch(watch->fd, dir, DIRECTORY_EVENTS);
        if (wd >= 0)
            g_hash_table_insert(watch->names, GINT_TO_POINTER(wd), g_path_get_basename(below));
        g_free(below);
        below = g_steal_pointer(&dir);
    }
}

/* Other names in a directory on the way, such as /dev or /run, are ignored. */
static gboolean concerns(const PathWatch *watch, const struct inotify_event *event)
{
    const char *name = g_hash_table_lookup(watch->names, GINT_TO_POINTER(event->wd));

    return event->len == 0 || !name || watch->linked || g_str_equal(name, event->name);
}

static gboolean read_events(PathWatch *watch)
{
    union {
        char bytes[BUFFER_SIZE];
        struct inotify_event aligned;
    } buffer;
    gboolean any = FALSE;
    ssize_t n;

    while ((n = read(watch->fd, buffer.bytes, sizeof buffer.bytes)) > 0) {
        const struct inotify_event *event;

        for (ssize_t at = 0; at < n; at += (ssize_t)(sizeof *event + event->len)) {
            event = (const void *)(buffer.bytes + at);
            any = any || concerns(watch, event);
        }
    }
    return any;
}

static gboolean on_inotify(int fd, GIOCondition condition, gpointer data)
{
    PathWatch *watch = data;

    (void)fd;
    (void)condition;
    if (!read_events(watch))
        return G_SOURCE_CONTINUE;
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
    watch->names = g_hash_table_new_full(NULL, NULL, NULL, g_free);
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
    g_hash_table_unref(watch->names);
    g_free(watch->path);
    g_free(watch);
}
