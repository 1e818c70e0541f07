/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/watchdog.h"

#include <systemd/sd-daemon.h>

static gboolean on_time(gpointer data)
{
    (void)data;
    sd_notify(0, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

guint watchdog_start(void)
{
    guint64 usec = 0;

    if (sd_watchdog_enabled(0, &usec) <= 0)
        return 0;
    return g_timeout_add((guint)MIN(usec / 2000, G_MAXUINT), on_time, NULL);
}
