/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/watchdog.h"

#include <errno.h>
#include <glib-unix.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/base/main-thread.h"
#include "lib/errors.h"

struct FreezeWatchdog {
    void (*expired)(gpointer data);
    gpointer data;
    int fd;
    guint source;
    GMutex lock; /* of @deadline_us */
    gint64 deadline_us;
};

static gboolean on_timer(int fd, GIOCondition condition, gpointer data)
{
    FreezeWatchdog *watchdog = data;
    guint64 expirations;

    (void)condition;
    if (read(fd, &expirations, sizeof expirations) == sizeof expirations)
        watchdog->expired(watchdog->data);
    return G_SOURCE_CONTINUE;
}

FreezeWatchdog *freeze_watchdog_new(void (*expired)(gpointer data), gpointer data, GError **error)
{
    int fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    FreezeWatchdog *watchdog;

    assert_main_thread();
    if (fd < 0) {
        set_errno_error(error, errno, "timerfd");
        return NULL;
    }
    watchdog = g_new0(FreezeWatchdog, 1);
    watchdog->expired = expired;
    watchdog->data = data;
    watchdog->fd = fd;
    watchdog->source = g_unix_fd_add(fd, G_IO_IN, on_timer, watchdog);
    g_mutex_init(&watchdog->lock);
    return watchdog;
}

void freeze_watchdog_free(FreezeWatchdog *watchdog)
{
    if (!watchdog)
        return;
    assert_main_thread();
    g_source_remove(watchdog->source);
    close(watchdog->fd);
    g_mutex_clear(&watchdog->lock);
    g_free(watchdog);
}

void freeze_watchdog_set(FreezeWatchdog *watchdog, gint64 deadline_us)
{
    struct itimerspec when = { .it_value = { .tv_sec = deadline_us / G_USEC_PER_SEC,
                                             .tv_nsec = deadline_us % G_USEC_PER_SEC * 1000 } };
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&watchdog->lock);

    watchdog->deadline_us = deadline_us;
    timerfd_settime(watchdog->fd, TFD_TIMER_ABSTIME, &when, NULL);
}

gboolean freeze_watchdog_is_due(FreezeWatchdog *watchdog)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&watchdog->lock);

    return watchdog->deadline_us != 0 && boot_time_us() >= watchdog->deadline_us;
}
