/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "agent/schema/command.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/*
 * guest-set-time with scripted clocks: nothing is set, calls are recorded. Programs are below
 * the test's directory.
 */

extern const Family family_time;

#define HWCLOCK_FAILED "child process has failed to set hardware clock to system time: "
#define NO_HWCLOCK "failed to exec '/sbin/hwclock': No such file or directory"
#define KVM "/sys/class/ptp/ptp0/clock_name\n| KVM virtual PTP\n"
#define LOCAL "/etc/adjtime\n| 0.0 0 0.0\n| 0\n| LOCAL\n"

static struct {
    GString *done;
    int clock_fails, read_fails, set_fails; /* errno */
    int ticks;
    struct rtc_time shown; /* by the real-time clock */
    gint64 host_s;         /* the host's clock */
} world;

static int fake_set_clock(const struct timespec *now)
{
    g_string_append_printf(world.done, "clock %" G_GINT64_FORMAT ".%09ld\n", (gint64)now->tv_sec,
                           now->tv_nsec);
    errno = world.clock_fails;
    return world.clock_fails ? -1 : 0;
}

static int fake_rtc_read(const char *path, struct rtc_time *time)
{
    g_assert_true(g_str_has_suffix(path, "/dev/rtc0") || world.read_fails == ENOENT);
    *time = world.shown;
    errno = world.read_fails;
    return world.read_fails ? -1 : world.ticks;
}

static int fake_rtc_set(const char *path, const struct rtc_time *time)
{
    g_assert_true(g_str_has_suffix(path, "/dev/rtc0") || world.set_fails == ENOENT);
    if (!world.set_fails)
        g_string_append_printf(world.done, "rtc %04d-%02d-%02d %02d:%02d:%02d\n",
                               time->tm_year + 1900, time->tm_mon + 1, time->tm_mday,
                               time->tm_hour, time->tm_min, time->tm_sec);
    errno = world.set_fails;
    return world.set_fails ? -1 : 0;
}

static int fake_ptp_read(const char *path, struct timespec *time)
{
    g_assert_true(g_str_has_suffix(path, "/dev/ptp0"));
    *time = (struct timespec){ world.host_s, 123456789 };
    errno = EOPNOTSUPP;
    return world.host_s ? 0 : -1;
}

static const SysOps fake_ops = {
    .set_clock = fake_set_clock,
    .rtc_read = fake_rtc_read,
    .rtc_set = fake_rtc_set,
    .ptp_read = fake_ptp_read,
};

static Machine *start(const char *tree)
{
    Machine *machine = machine_new_from_text(tree);

    if (world.done)
        g_string_free(world.done, TRUE);
    memset(&world, 0, sizeof world);
    world.done = g_string_new(NULL);
    world.ticks = 1;
    world.shown = (struct rtc_time){ .tm_year = 130, .tm_mon = 2, .tm_mday = 17, .tm_hour = 17,
                                     .tm_min = 46, .tm_sec = 40 }; /* 1900000000 */
    machine->sysops = &fake_ops;
    g_setenv("TZ", "UTC", TRUE);
    return machine;
}

static void put_hwclock(const Machine *machine, const char *script)
{
    g_autofree char *text = g_strdup_printf("#!/bin/sh\necho \"$@\" >>%s/log\n%s\n",
                                            machine->directory, script);
    g_autofree char *path = g_build_filename(machine->directory, "sbin/hwclock", NULL);
    g_autofree char *dir = g_path_get_dirname(path);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
    g_assert_true(g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_NONE, 0755, NULL));
}

/* Sets the time; @failure is the error, @done what was done. */
static void set_time(const Machine *machine, const char *arguments, const char *failure,
                     const char *done)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *result =
        machine_run(machine, &family_time, NULL, "guest-set-time", arguments, &error);

    if (failure) {
        kit_expect_error(&error, failure);
    } else {
        g_assert_no_error(error);
        g_assert_cmpstr(result, ==, "{}");
    }
    g_assert_cmpstr(world.done->str, ==, done);
    g_string_truncate(world.done, 0);
}

static void test_set(void)
{
    g_autoptr(Machine) machine = start("");

    set_time(machine, "{\"time\": 1900000000123456789}", NULL,
             "clock 1900000000.123456789\nrtc 2030-03-17 17:46:40\n");
    set_time(machine, "{\"time\": 0}", NULL, "clock 0.000000000\nrtc 1970-01-01 00:00:00\n");
    set_time(machine, "{\"time\": 3155759999999999999}", NULL,
             "clock 3155759999.999999999\nrtc 2069-12-31 23:59:59\n");
}

static void test_bounds(void)
{
    static const char *const times[] = { "-1", "-1000", "-1000000000", "-9223372036854775808",
                                         "3155760000000000000", "9223372036854775807" };
    g_autoptr(Machine) machine = start("");

    for (gsize i = 0; i < G_N_ELEMENTS(times); i++) {
        g_autofree char *arguments = g_strdup_printf("{\"time\": %s}", times[i]);

        set_time(machine, arguments, "Invalid time", "");
    }
    /* East of Greenwich the epoch starts at the same second, and 2070 earlier. */
    g_setenv("TZ", "EAST-2", TRUE);
    set_time(machine, "{\"time\": -1}", "Invalid time", "");
    set_time(machine, "{\"time\": 3155752800000000000}", "Invalid time", "");
    g_setenv("TZ", "WEST+2", TRUE);
    set_time(machine, "{\"time\": 0}", "Invalid time", "");
}

static void test_local(void)
{
    g_autoptr(Machine) machine = start(LOCAL);

    g_setenv("TZ", "EAST-2", TRUE);
    set_time(machine, "{\"time\": 1900000000000000000}", NULL,
             "clock 1900000000.000000000\nrtc 2030-03-17 19:46:40\n");
    set_time(machine, NULL, NULL, "clock 1899992800.000000000\n");
}

static void test_utc(void)
{
    g_autoptr(Machine) machine = start("/etc/adjtime\n| 0.0 0 0.0\n| 0\n| UTC\n");

    g_setenv("TZ", "EAST-2", TRUE);
    set_time(machine, "{\"time\": 1900000000000000000}", NULL,
             "clock 1900000000.000000000\nrtc 2030-03-17 17:46:40\n");
    set_time(machine, NULL, NULL, "clock 1900000000.000000000\n");
}

static void test_clock_refuses(void)
{
    g_autoptr(Machine) machine = start("");

    world.clock_fails = EPERM;
    set_time(machine, "{\"time\": 1900000000000000000}",
             "Failed to set time to guest: Operation not permitted",
             "clock 1900000000.000000000\n");
    set_time(machine, NULL, "Failed to set time to guest: Operation not permitted",
             "clock 1900000000.000000000\n");
}

static void test_hwclock(void)
{
    g_autoptr(Machine) machine = start("");
    g_autofree char *log = g_build_filename(machine->directory, "log", NULL);
    g_autofree char *calls = NULL;

    world.set_fails = world.read_fails = EBUSY;
    set_time(machine, "{\"time\": 1900000000000000000}",
             HWCLOCK_FAILED NO_HWCLOCK "; /dev/rtc0: Device or resource busy",
             "clock 1900000000.000000000\n");
    world.set_fails = world.read_fails = ENOENT;
    set_time(machine, NULL, HWCLOCK_FAILED NO_HWCLOCK "; /dev/rtc0: No such file or directory", "");
    put_hwclock(machine, "");
    set_time(machine, "{\"time\": 1900000000000000000}", NULL, "clock 1900000000.000000000\n");
    set_time(machine, NULL, NULL, "");
    put_hwclock(machine, "echo no clock; exit 1");
    set_time(machine, NULL, HWCLOCK_FAILED "no clock\n", "");
    put_hwclock(machine, "exit 3");
    set_time(machine, NULL, HWCLOCK_FAILED "exit status 3", "");
    g_assert_true(g_file_get_contents(log, &calls, NULL, NULL));
    g_assert_cmpstr(calls, ==, "-w\n-s\n-s\n-s\n");
}

static void test_from_rtc(void)
{
    g_autoptr(Machine) machine = start("");

    set_time(machine, NULL, NULL, "clock 1900000000.000000000\n");
    set_time(machine, "{}", NULL, "clock 1900000000.000000000\n");
    world.ticks = 0; /* then the middle of the second is the most likely time */
    set_time(machine, NULL, NULL, "clock 1900000000.500000000\n");
    world.shown.tm_year = -10;
    set_time(machine, NULL, HWCLOCK_FAILED NO_HWCLOCK "; /dev/rtc0: invalid time", "");
}

/* The host's clock makes the time finer; it does not change it. */
static void test_host(void)
{
    g_autoptr(Machine) machine = start(KVM);

    set_time(machine, NULL, NULL, "clock 1900000000.000000000\n");
    world.host_s = 1900000001;
    set_time(machine, NULL, NULL, "clock 1900000001.123456789\n");
    world.host_s = 1899999998;
    set_time(machine, NULL, NULL, "clock 1899999998.123456789\n");
    world.host_s = 1900000003;
    set_time(machine, NULL, NULL, "clock 1900000000.000000000\n");
    world.read_fails = ENOENT;
    set_time(machine, NULL, NULL, "clock 1900000003.123456789\n");
}

static void test_other_ptp(void)
{
    g_autoptr(Machine) machine = start("/sys/class/ptp/ptp0/clock_name\n| ixgbe-82599\n");

    world.host_s = 1900000001;
    set_time(machine, NULL, NULL, "clock 1900000000.000000000\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/set-time/to a time", test_set);
    g_test_add_func("/set-time/year out of range -> error", test_bounds);
    g_test_add_func("/set-time/clock in local time -> converted", test_local);
    g_test_add_func("/set-time/clock in UTC -> as it is", test_utc);
    g_test_add_func("/set-time/system clock refuses -> error", test_clock_refuses);
    g_test_add_func("/set-time/no access to the clock -> hwclock", test_hwclock);
    g_test_add_func("/set-time/from the real-time clock", test_from_rtc);
    g_test_add_func("/set-time/host clock agrees -> host time", test_host);
    g_test_add_func("/set-time/other PTP clock -> ignored", test_other_ptp);
    return g_test_run();
}
