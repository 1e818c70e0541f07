/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "commands/parse/figures.h"
#include "commands/parse/net-dev.h"
#include "commands/parse/pressure.h"
#include "commands/parse/proc-stat.h"
#include "tests/unit/kit/kit.h"

/* The parsers for guestd-metrics. */

static Figure figure(const char *text, const char *name)
{
    Figure found = { .name = name };

    figures_parse(text, strlen(text), &found, 1);
    return found;
}

static void expect_figure(const char *text, const char *name, guint64 value)
{
    Figure found = figure(text, name);

    g_assert_true(found.found);
    g_assert_cmpuint(found.value, ==, value);
}

static void test_figures(void)
{
    static const char meminfo[] = "MemTotal:       24684096 kB\nMemFree: 7 kB\n\nHugePages_Total:    3\n"
                                  "Odd kB\nHuge: 18014398509481983 kB\nToo: 18014398509481984 kB\n"
                                  "Minus: -1 kB\nWords: 1x kB\n: 5\nMem: 1 MB\nLast:\t9";

    expect_figure(meminfo, "MemTotal", 24684096ULL * 1024);
    expect_figure(meminfo, "MemFree", 7 * 1024);
    expect_figure(meminfo, "HugePages_Total", 3);
    expect_figure(meminfo, "Huge", 18014398509481983ULL * 1024);
    expect_figure(meminfo, "Mem", 1);
    expect_figure(meminfo, "Last", 9);
    expect_figure(meminfo, "", 5);
    g_assert_false(figure(meminfo, "MemTotal:").found);
    g_assert_false(figure(meminfo, "Odd").found);
    g_assert_false(figure(meminfo, "Too").found);
    g_assert_false(figure(meminfo, "Minus").found);
    g_assert_false(figure(meminfo, "Words").found);
    expect_figure("pswpin 12\npswpout 13\n", "pswpout", 13);
    g_assert_false(figure("", "x").found);
}

static Pressure pressure(const char *text)
{
    Pressure found = { .has_some = false };

    pressure_parse(text, strlen(text), &found);
    return found;
}

static void test_pressure(void)
{
    Pressure found = pressure("some avg10=1.50 avg60=0.25 avg300=100.00 total=18446744073709551615\n"
                              "full avg10=0.00 avg60=0.00 avg300=0.00 total=7\n");

    g_assert_true(found.has_some && found.has_full);
    g_assert_cmpfloat(found.some.avg10, ==, 1.5);
    g_assert_cmpfloat(found.some.avg60, ==, 0.25);
    g_assert_cmpfloat(found.some.avg300, ==, 100);
    g_assert_cmpuint(found.some.total_us, ==, G_MAXUINT64);
    g_assert_cmpuint(found.full.total_us, ==, 7);
    /* CPU pressure of kernels before 5.13 has only one line. */
    found = pressure("some avg10=0.00 avg60=0.00 avg300=0.00 total=1");
    g_assert_true(found.has_some && !found.has_full);
}

static void test_pressure_faults(void)
{
    static const char *const faults[] = {
        "", "some", "some avg10=0.00 avg60=0.00 avg300=0.00", "other avg10=0 avg60=0 avg300=0 total=1",
        "some avg10=x avg60=0.00 avg300=0.00 total=1", "some avg10= avg60=0 avg300=0 total=1",
        "some avg60=0 avg10=0 avg300=0 total=1", "some avg10=nan avg60=0 avg300=0 total=1",
        "some avg10=0x1 avg60=0 avg300=0 total=y", "some avg10=1e999 avg60=0 avg300=0 total=1",
        "some avg10=00000000000000000000000000000001 avg60=0 avg300=0 total=1",
        "some avg10=0.00 avg60=0.00 avg300=0.00 total=18446744073709551616",
    };

    for (gsize i = 0; i < G_N_ELEMENTS(faults); i++) {
        Pressure found = pressure(faults[i]);

        g_assert_false(found.has_some || found.has_full);
    }
}

static const char net_dev[] =
    "Inter-|   Receive                                                |  Transmit\n"
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop "
    "fifo colls carrier compressed\n"
    "    lo:    3267      29    1    2    3     4          5         6     3268      30    7    8 "
    "   9    10      11         12\n"
    "eth0:18446744073709551615 1 0 0 0 0 0 0 2 3 0 0 0 0 0 0\n"
    "short: 1 2 3 4 5 6 7 8 9 10 11\n"
    "wrong: 1 2 3 4 5 6 7 8 9 10 11 x 13\n"
    "two words: 1 2 3 4 5 6 7 8 9 10 11 12\n"
    ": 1 2 3 4 5 6 7 8 9 10 11 12\n"
    "no-colon 1 2 3 4 5 6 7 8 9 10 11 12 13\n"
    "enough: 1 2 3 4 5 6 7 8 9 10 11 12";

static void test_net_dev(void)
{
    g_autoptr(Arena) arena = arena_new();
    List found = { NULL };
    const InterfaceCounters *row;

    net_dev_parse(net_dev, strlen(net_dev), &found, arena);
    g_assert_cmpuint(found.len, ==, 3);
    row = list_at(&found, InterfaceCounters, 0);
    g_assert_cmpstr(row->name, ==, "lo");
    g_assert_cmpuint(row->rx_bytes, ==, 3267);
    g_assert_cmpuint(row->rx_packets, ==, 29);
    g_assert_cmpuint(row->rx_errs, ==, 1);
    g_assert_cmpuint(row->rx_dropped, ==, 2);
    g_assert_cmpuint(row->tx_bytes, ==, 3268);
    g_assert_cmpuint(row->tx_packets, ==, 30);
    g_assert_cmpuint(row->tx_errs, ==, 7);
    g_assert_cmpuint(row->tx_dropped, ==, 8);
    row = list_at(&found, InterfaceCounters, 1);
    g_assert_cmpstr(row->name, ==, "eth0");
    g_assert_cmpuint(row->rx_bytes, ==, G_MAXUINT64);
    g_assert_cmpstr(list_at(&found, InterfaceCounters, 2)->name, ==, "enough");
}

static void test_totals(void)
{
    static const char text[] = "cpu  10 20 30 40 50\ncpu0 1 2 3 4\ncpu7 1 2 3 4\nintr 5\n";
    CpuTimes totals;
    guint64 cpus;

    g_assert_true(proc_stat_totals(text, strlen(text), 100, &totals, &cpus));
    g_assert_cmpuint(cpus, ==, 2);
    g_assert_cmpuint(totals.user, ==, 100);
    g_assert_cmpuint(totals.idle, ==, 400);
    g_assert_true(totals.has_iowait && !totals.has_irq);
    g_assert_cmpuint(totals.iowait, ==, 500);
    g_assert_false(proc_stat_totals("cpu0 1 2 3 4\n", 13, 100, &totals, &cpus));
    g_assert_false(proc_stat_totals("cpu 1 2 3\n", 10, 100, &totals, &cpus));
    g_assert_false(proc_stat_totals("", 0, 100, &totals, &cpus));
    g_assert_cmpuint(cpus, ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/figures/figures", test_figures);
    g_test_add_func("/figures/pressure", test_pressure);
    g_test_add_func("/figures/pressure/malformed -> absent", test_pressure_faults);
    g_test_add_func("/figures/net-dev", test_net_dev);
    g_test_add_func("/figures/totals", test_totals);
    return g_test_run();
}
