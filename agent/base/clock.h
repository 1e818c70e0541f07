/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * CLOCK_BOOTTIME in microseconds since the kernel was started: unlike g_get_monotonic_time(),
 * it includes the time for which the guest was suspended (clock_gettime(2), Linux 2.6.39), and
 * it is the same for every process of a boot. From any thread.
 */
gint64 boot_time_us(void);
