/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/logind.h"
#include "commands/power/shutdown.h"
#include "commands/power/suspend.h"
#include "tests/unit/kit/fake-logind.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/*
 * Shutdown and suspend. Everything is below a directory of the test's own: the bus, the
 * programs, which write their names to a file, and the kernel's files.
 */

#define NO_BUS "logind: /run/dbus/system_bus_socket: No such file or directory"
#define NOT_THERE(program) program ": failed to exec '" program "': No such file or directory"
#define FAILED "child process has failed to shutdown: "
#define UNSUPPORTED "the requested suspend mode is not supported by the guest"
#define KERNEL                                                                                     \
    "/sys/power/state\n| freeze mem disk\n/sys/power/mem_sleep\n| s2idle [deep]\n"                 \
    "/sys/power/disk\n| [platform] shutdown reboot suspend test_resume\n"                          \
    "/sys/power/resume\n| 253:1\n"                                                                 \
    "/proc/swaps\n| Filename Type Size Used Priority\n| /dev/vda2 partition 1048572 0 -2\n"
#define SYSTEMD "/run/systemd/system/\n"

/* A program that records its arguments, prints @says and exits with @status. */
static void put_program(const Machine *machine, const char *path, const char *says, int status)
{
    g_autofree char *text = g_strdup_printf(
        "#!/bin/sh\nprintf '%s' >>%s/log; printf '|%%s' \"$@\" >>%s/log; echo >>%s/log\n%s\nexit %d\n",
        path, machine->directory, machine->directory, machine->directory, says, status);
    g_autofree char *full = g_build_filename(machine->directory, path, NULL);
    g_autofree char *dir = g_path_get_dirname(full);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
    g_file_set_contents_full(full, text, -1, G_FILE_SET_CONTENTS_NONE, 0755, &error);
    g_assert_no_error(error);
}

static char *read_file(const Machine *machine, const char *name)
{
    g_autofree char *path = g_build_filename(machine->directory, name, NULL);
    char *text = NULL;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return g_strdup("");
    return text;
}

#define expect_text(machine, name, expected)                                                       \
    do {                                                                                           \
        g_autofree char *text_ = read_file(machine, name);                                         \
                                                                                                   \
        g_assert_cmpstr(text_, ==, expected);                                                      \
    } while (0)

static void shut_down(const Machine *machine, const char *mode)
{
    g_autoptr(GError) error = NULL;

    shutdown_system(machine->sysroot, mode, &error);
    g_assert_no_error(error);
}

static void refuse_shutdown(const Machine *machine, const char *mode, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(shutdown_system(machine->sysroot, mode, &error));
    kit_expect_error(&error, text);
}

/* Each way in turn, with its arguments; printf without arguments writes one bar. */
static void test_ways(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("");

    put_program(machine, "/usr/bin/busybox", "", 0);
    shut_down(machine, NULL);
    put_program(machine, "/sbin/shutdown", "", 0);
    shut_down(machine, "powerdown");
    shut_down(machine, "halt");
    shut_down(machine, "reboot");
    put_program(machine, "/sbin/poweroff", "", 0);
    put_program(machine, "/sbin/halt", "", 0);
    put_program(machine, "/sbin/reboot", "", 0);
    shut_down(machine, NULL);
    shut_down(machine, "halt");
    shut_down(machine, "reboot");
    expect_text(machine, "log",
                "/usr/bin/busybox|poweroff\n"
                "/sbin/shutdown|-h|-P|+0|hypervisor initiated shutdown\n"
                "/sbin/shutdown|-h|-H|+0|hypervisor initiated shutdown\n"
                "/sbin/shutdown|-h|-r|+0|hypervisor initiated shutdown\n"
                "/sbin/poweroff|\n/sbin/halt|\n/sbin/reboot|\n");
}

static void test_no_way(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("/sbin/halt\n| not executable\n");

    refuse_shutdown(machine, NULL, FAILED NO_BUS "; " NOT_THERE("/sbin/poweroff") "; "
                    NOT_THERE("/sbin/shutdown") "; " NOT_THERE("busybox"));
    refuse_shutdown(machine, "halt", FAILED NO_BUS "; /sbin/halt: failed to exec '/sbin/halt': "
                    "Permission denied; " NOT_THERE("/sbin/shutdown") "; " NOT_THERE("busybox"));
    put_program(machine, "/sbin/reboot", "", 3);
    put_program(machine, "/sbin/shutdown", "echo no; echo never >&2", 1);
    put_program(machine, "/bin/busybox", "kill -KILL $$", 0);
    refuse_shutdown(machine, "reboot", FAILED NO_BUS "; /sbin/reboot: exit status 3; "
                    "/sbin/shutdown: no never; busybox: killed by signal 9");
    expect_text(machine, "log", "/sbin/reboot|\n"
                "/sbin/shutdown|-h|-r|+0|hypervisor initiated shutdown\n/bin/busybox|reboot\n");
}

static void test_unknown_mode(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("");
    static const char *const words[] = { "", "Halt", "poweroff", "halt ", "powerdown\n" };

    put_program(machine, "/sbin/poweroff", "", 0);
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        refuse_shutdown(machine, words[i],
                        "mode is invalid (valid values are: halt|powerdown|reboot");
    expect_text(machine, "log", "");
}

static void test_logind(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("");
    FakeLogind *fake = fake_logind_start(machine->directory, &(FakeScript){ .can = "yes" });
    g_autofree char *calls = NULL;

    put_program(machine, "/sbin/poweroff", "", 0);
    shut_down(machine, NULL);
    shut_down(machine, "halt");
    shut_down(machine, "reboot");
    calls = fake_logind_stop(fake);
    g_assert_cmpstr(calls, ==, "PowerOff Halt Reboot ");
    expect_text(machine, "log", "");
    refuse_shutdown(machine, "halt", FAILED
                    "logind: /run/dbus/system_bus_socket: Connection refused; "
                    NOT_THERE("/sbin/halt") "; " NOT_THERE("/sbin/shutdown") "; "
                    NOT_THERE("busybox"));
}

static void test_logind_refuses(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("");
    FakeScript script = { .refusal = "not today" };
    FakeLogind *fake = fake_logind_start(machine->directory, &script);

    refuse_shutdown(machine, NULL, FAILED "logind: PowerOff: not today; "
                    NOT_THERE("/sbin/poweroff") "; " NOT_THERE("/sbin/shutdown") "; "
                    NOT_THERE("busybox"));
    put_program(machine, "/sbin/poweroff", "", 0);
    shut_down(machine, NULL);
    g_free(fake_logind_stop(fake));
    expect_text(machine, "log", "/sbin/poweroff|\n");
}

/* A bus that accepts the connection and never replies is left at the deadline. */
static void test_logind_deaf(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("");
    FakeLogind *fake = fake_logind_start(machine->directory, &(FakeScript){ .deaf = TRUE });
    g_autoptr(GError) error = NULL;

    g_assert_false(logind_shut_down(machine->sysroot, "PowerOff", g_get_monotonic_time() + 1000,
                                    &error));
    kit_expect_error(&error, "PowerOff: no reply before the deadline");
    g_assert_null(logind_can(machine->sysroot, "CanSuspend", g_get_monotonic_time() + 1000, NULL));
    g_free(fake_logind_stop(fake));
}

/* ---- suspending */

static void suspend(const Machine *machine, SuspendMode mode)
{
    g_autoptr(GError) error = NULL;

    suspend_system(machine->sysroot, mode, &error);
    g_assert_no_error(error);
}

static void refuse_suspend(const Machine *machine, SuspendMode mode, const char *text)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(suspend_system(machine->sysroot, mode, &error));
    kit_expect_error(&error, text);
}

static void test_kernel(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(KERNEL);

    /* A file keeps the bytes after those that were written; the kernel's does not. */
    suspend(machine, SUSPEND_RAM);
    expect_text(machine, "sys/power/state", "memeze mem disk\n");
    suspend(machine, SUSPEND_DISK);
    expect_text(machine, "sys/power/state", "diskze mem disk\n");
    refuse_suspend(machine, SUSPEND_HYBRID, UNSUPPORTED);
}

#define SWAPS "/proc/swaps\n| Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n"

static void test_kernel_cannot(void)
{
    static const struct {
        const char *tree;
        SuspendMode mode;
        const char *why;
    } cases[] = {
        { "", SUSPEND_RAM, "no 'mem' in /sys/power/state" },
        { "", SUSPEND_DISK, "no 'disk' in /sys/power/state" },
        { "", SUSPEND_HYBRID, "no 'disk' in /sys/power/state" },
        { "/sys/power/state\n| freeze\n", SUSPEND_RAM, "no 'mem' in /sys/power/state" },
        { "/sys/power/state\n| freeze mem\n/sys/power/mem_sleep\n| [s2idle]\n", SUSPEND_RAM,
          "no 'deep' in /sys/power/mem_sleep" },
        { "/sys/power/state\n| freeze mem\n", SUSPEND_DISK, "no 'disk' in /sys/power/state" },
        { "/sys/power/state\n| disk\n/sys/power/disk\n| [disabled]\n", SUSPEND_DISK,
          "/sys/power/disk is disabled" },
        { "/sys/power/state\n| disk\n/sys/power/disk\n| [shutdown] reboot\n", SUSPEND_HYBRID,
          "no 'suspend' in /sys/power/disk" },
        { "/sys/power/state\n| disk\n", SUSPEND_DISK, "no swap to hibernate to" },
        { "/sys/power/state\n| disk\n" SWAPS, SUSPEND_DISK, "no swap to hibernate to" },
        { "/sys/power/state\n| disk\n" SWAPS "| /dev/zram0 partition\t65532\t0\t-2\n", SUSPEND_DISK,
          "all swap is zram, which is in the memory itself" },
        { "/sys/power/state\n| disk\n" SWAPS "| /dev/zram0\n| /dev/zram1\n", SUSPEND_DISK,
          "all swap is zram, which is in the memory itself" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(Machine) machine = machine_new_from_text(cases[i].tree);
        g_autofree char *text = g_strconcat(UNSUPPORTED ": ", cases[i].why, NULL);

        put_program(machine, "/usr/bin/pm-is-supported", "", 0);
        put_program(machine, "/usr/bin/pm-suspend", "", 0);
        refuse_suspend(machine, cases[i].mode, text);
        expect_text(machine, "log", "");
    }
}

static void test_no_resume_device(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(
        "/sys/power/state\n| mem disk\n/sys/power/resume\n| 0:0\n" SWAPS "| /swapfile file\n"
        "| /dev/zram0 partition\n");

    refuse_suspend(machine, SUSPEND_DISK,
                   "suspend: the kernel has no device to resume from (/sys/power/resume)");
    expect_text(machine, "sys/power/state", "mem disk\n");
}

static void test_pm_utils(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(KERNEL);

    put_program(machine, "/usr/bin/pm-is-supported", "", 0);
    put_program(machine, "/usr/bin/pm-suspend", "", 0);
    put_program(machine, "/usr/bin/pm-hibernate", "", 0);
    put_program(machine, "/usr/bin/pm-suspend-hybrid", "", 7);
    suspend(machine, SUSPEND_RAM);
    suspend(machine, SUSPEND_DISK);
    refuse_suspend(machine, SUSPEND_HYBRID, "the helper program 'pm-suspend-hybrid' returned an "
                   "unexpected exit status code (7)");
    expect_text(machine, "log",
                "/usr/bin/pm-is-supported|--suspend\n/usr/bin/pm-suspend|\n"
                "/usr/bin/pm-is-supported|--hibernate\n/usr/bin/pm-hibernate|\n"
                "/usr/bin/pm-is-supported|--suspend-hybrid\n/usr/bin/pm-suspend-hybrid|\n");
    put_program(machine, "/usr/bin/pm-is-supported", "", 1);
    refuse_suspend(machine, SUSPEND_HYBRID, UNSUPPORTED);
}

/* A failure leads to the next way, and the last error is returned. */
static void test_fall_through(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(KERNEL SYSTEMD);
    g_autofree char *log = NULL;

    put_program(machine, "/usr/bin/systemctl", "", 4);
    put_program(machine, "/usr/bin/pm-is-supported", "", 0);
    refuse_suspend(machine, SUSPEND_HYBRID, "the helper program 'systemctl hybrid-sleep' returned "
                   "an unexpected exit status code (4)");
    put_program(machine, "/usr/bin/pm-suspend", "", 5);
    suspend(machine, SUSPEND_RAM);
    expect_text(machine, "sys/power/state", "memeze mem disk\n");
    log = kit_take_log();
    g_assert_nonnull(strstr(log, "suspend: the helper program 'pm-suspend' returned"));
    put_program(machine, "/usr/bin/systemctl", "", 0);
    suspend(machine, SUSPEND_HYBRID);
}

/* ---- suspend by logind */

static char *sleep_by(const Machine *machine, const FakeScript *script, SuspendMode mode,
                      const char *expected)
{
    FakeLogind *fake = fake_logind_start(machine->directory, script);

    if (expected)
        refuse_suspend(machine, mode, expected);
    else
        suspend(machine, mode);
    return fake_logind_stop(fake);
}

#define expect_sleep(machine, mode, expected, methods, ...)                                        \
    do {                                                                                           \
        g_autofree char *calls_ = sleep_by(machine, &(FakeScript){ __VA_ARGS__ }, mode, expected); \
                                                                                                   \
        g_assert_cmpstr(calls_, ==, methods);                                                      \
    } while (0)

static void test_logind_sleeps(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(KERNEL);

    expect_sleep(machine, SUSPEND_RAM, NULL, "CanSuspend Suspend ", "yes", NULL, "success");
    expect_sleep(machine, SUSPEND_DISK, NULL, "CanHibernate Hibernate ", "challenge", NULL,
                 "success");
    expect_sleep(machine, SUSPEND_HYBRID, NULL, "CanHybridSleep HybridSleep ", "yes", NULL, NULL);
    expect_text(machine, "sys/power/state", "freeze mem disk\n");
}

static void test_logind_fails(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(KERNEL);

    expect_sleep(machine, SUSPEND_HYBRID,
                 "HybridSleep: systemd-hybrid-sleep.service failed: exit-code",
                 "CanHybridSleep HybridSleep ", "yes", NULL, "exit-code");
    expect_sleep(machine, SUSPEND_HYBRID, "HybridSleep: inhibited", "CanHybridSleep HybridSleep ",
                 "yes", "inhibited", NULL);
    /* No logind: not a way at all. */
    expect_sleep(machine, SUSPEND_HYBRID, UNSUPPORTED, "CanHybridSleep ", NULL, NULL, NULL);
    /* An image that systemd would not find again is not written by the agent, either. */
    expect_sleep(machine, SUSPEND_DISK, "logind returned 'na' for CanHibernate", "CanHibernate ",
                 "na", NULL, NULL);
    expect_text(machine, "sys/power/state", "freeze mem disk\n");
    expect_sleep(machine, SUSPEND_RAM, NULL, "CanSuspend ", "na", NULL, NULL);
    expect_text(machine, "sys/power/state", "memeze mem disk\n");
}

/* A suspend whose end is never announced is waited for until the deadline. */
static void test_logind_silent(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(KERNEL);
    FakeLogind *fake = fake_logind_start(machine->directory, &(FakeScript){ .sleepless = TRUE });
    g_autoptr(GError) error = NULL;

    g_assert_false(logind_sleep(machine->sysroot, "Suspend", "systemd-suspend.service",
                                g_get_monotonic_time() + 2000, &error));
    kit_expect_error(&error, "Suspend: no reply before the deadline");
    g_free(fake_logind_stop(fake));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_setenv("PATH", "/usr/bin:relative:/bin", TRUE);
    kit_capture_log();
    g_test_add_func("/shutdown/way fails -> the next one", test_ways);
    g_test_add_func("/shutdown/all ways fail -> error with each reason", test_no_way);
    g_test_add_func("/shutdown/unknown mode -> QEMU's text", test_unknown_mode);
    g_test_add_func("/shutdown/logind", test_logind);
    g_test_add_func("/shutdown/logind refuses -> programs", test_logind_refuses);
    g_test_add_func("/shutdown/logind without a reply -> programs", test_logind_deaf);
    g_test_add_func("/suspend/kernel", test_kernel);
    g_test_add_func("/suspend/kernel/unsupported -> error", test_kernel_cannot);
    g_test_add_func("/suspend/kernel/no resume device -> error", test_no_resume_device);
    g_test_add_func("/suspend/pm-utils", test_pm_utils);
    g_test_add_func("/suspend/way fails -> the next one", test_fall_through);
    g_test_add_func("/suspend/logind", test_logind_sleeps);
    g_test_add_func("/suspend/logind/service fails -> error", test_logind_fails);
    g_test_add_func("/suspend/logind/without a reply -> not repeated", test_logind_silent);
    return g_test_run();
}
