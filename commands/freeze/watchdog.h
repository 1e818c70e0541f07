/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The timer that ends a freeze which the host does not end. It runs on CLOCK_BOOTTIME, so a
 * deadline also passes while the guest is suspended (timerfd_create(2), Linux 3.15).
 */
typedef struct FreezeWatchdog FreezeWatchdog;

/*
 * Makes a watchdog that is not armed. @expired is called on the main loop with @data, once for
 * each deadline that passes. Returns NULL with @error set without a free file descriptor.
 * Main thread.
 */
FreezeWatchdog *freeze_watchdog_new(void (*expired)(gpointer data), gpointer data, GError **error);

/* Disarms and frees @watchdog, which may be NULL. Main thread. */
void freeze_watchdog_free(FreezeWatchdog *watchdog);

/* Sets the deadline, boot_time_us() in microseconds; 0 disarms the watchdog. Any thread. */
void freeze_watchdog_set(FreezeWatchdog *watchdog, gint64 deadline_us);

/*
 * Returns whether the deadline that is set now has passed. FALSE when none is set, as when
 * @expired comes to run after the host has thawed. Any thread.
 */
gboolean freeze_watchdog_is_due(FreezeWatchdog *watchdog);
