/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/clock.h"

/* CLOCK_BOOTTIME is CLOCK_MONOTONIC plus the time suspended, and GLib's unit is the same. */
static void test_boot_time(void)
{
    gint64 monotonic = g_get_monotonic_time();
    gint64 first = boot_time_us();
    gint64 second = boot_time_us();

    g_assert_cmpint(first, >=, monotonic);
    g_assert_cmpint(second, >=, first);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/clock/boot-time/monotonic", test_boot_time);
    return g_test_run();
}
