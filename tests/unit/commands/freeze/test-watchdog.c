/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/clock.h"
#include "commands/freeze/watchdog.h"
#include "tests/unit/kit/kit.h"

/* The timer that ends a freeze, on the main loop. */

static void count(gpointer data)
{
    ++*(int *)data;
}

static FreezeWatchdog *watchdog_new(int *calls)
{
    g_autoptr(GError) error = NULL;
    FreezeWatchdog *watchdog = freeze_watchdog_new(count, calls, &error);

    g_assert_no_error(error);
    return watchdog;
}

static void test_deadline(void)
{
    int calls = 0;
    FreezeWatchdog *watchdog = watchdog_new(&calls);
    gint64 deadline_us = boot_time_us() + 1000;

    freeze_watchdog_set(watchdog, deadline_us);
    WAIT_UNTIL(calls > 0);
    g_assert_cmpint(boot_time_us(), >=, deadline_us);
    g_assert_true(freeze_watchdog_is_due(watchdog));
    kit_run_ready();
    g_assert_cmpint(calls, ==, 1);
    freeze_watchdog_set(watchdog, boot_time_us() + 1000);
    WAIT_UNTIL(calls > 1);
    freeze_watchdog_free(watchdog);
}

/* A freeze that is taken over may be overdue already. */
static void test_past(void)
{
    int calls = 0;
    FreezeWatchdog *watchdog = watchdog_new(&calls);

    freeze_watchdog_set(watchdog, 1);
    g_assert_true(freeze_watchdog_is_due(watchdog));
    WAIT_UNTIL(calls > 0);
    g_assert_cmpint(calls, ==, 1);
    freeze_watchdog_free(watchdog);
}

static void test_disarmed(void)
{
    int calls = 0, others = 0;
    FreezeWatchdog *watchdog = watchdog_new(&calls);
    FreezeWatchdog *other = watchdog_new(&others);

    g_assert_false(freeze_watchdog_is_due(watchdog));
    freeze_watchdog_set(watchdog, 1);
    freeze_watchdog_set(watchdog, 0);
    g_assert_false(freeze_watchdog_is_due(watchdog));
    freeze_watchdog_set(other, 1);
    WAIT_UNTIL(others > 0);
    g_assert_cmpint(calls, ==, 0);
    freeze_watchdog_free(watchdog);
    freeze_watchdog_free(other);
}

static void test_postponed(void)
{
    int calls = 0;
    FreezeWatchdog *watchdog = watchdog_new(&calls);

    freeze_watchdog_set(watchdog, 1);
    freeze_watchdog_set(watchdog, boot_time_us() + 3600 * (gint64)G_USEC_PER_SEC);
    g_assert_false(freeze_watchdog_is_due(watchdog));
    kit_run_ready();
    g_assert_cmpint(calls, ==, 0);
    freeze_watchdog_free(watchdog);
    freeze_watchdog_free(NULL);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/freeze/watchdog/deadline passes -> one call", test_deadline);
    g_test_add_func("/freeze/watchdog/deadline in the past -> called at once", test_past);
    g_test_add_func("/freeze/watchdog/disarmed -> not called", test_disarmed);
    g_test_add_func("/freeze/watchdog/postponed -> not called", test_postponed);
    return g_test_run();
}
