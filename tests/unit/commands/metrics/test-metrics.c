/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/* guestd-metrics on machines with all figures, without any, and with malformed ones. */

extern const Family family_metrics;

#define FULL                                                                                       \
    "/proc/meminfo\n| MemTotal: 1000 kB\n| MemFree: 400 kB\n| MemAvailable: 600 kB\n"              \
    "| Buffers: 10 kB\n| Cached: 200 kB\n| SwapCached: 9 kB\n| SwapTotal: 2000 kB\n"               \
    "| SwapFree: 1500 kB\n| Dirty: 3 kB\n| Shmem: 4 kB\n"                                          \
    "/proc/vmstat\n| pgpgin 5\n| pswpin 2\n| pswpout 3\n"                                          \
    "/proc/loadavg\n| 0.50 0.25 2.00 3/456 789\n"                                                  \
    "/proc/pressure/cpu\n| some avg10=1.00 avg60=2.00 avg300=3.00 total=4\n"                       \
    "/proc/pressure/memory\n| some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"                    \
    "| full avg10=0.50 avg60=0.00 avg300=0.00 total=6\n"                                           \
    "/proc/pressure/io\n| full avg10=0.00 avg60=0.00 avg300=0.25 total=7\n"                        \
    "/proc/uptime\n| 12345.67 2222.22\n"                                                           \
    "/proc/stat\n| cpu  1 2 3 4 5 6 7 8 9 10\n| cpu0 1 1 1 1\n| cpu1 1 1 1 1\n| ctxt 5\n"          \
    "| processes 4321\n| procs_running 2\n| procs_blocked 1\n"                                     \
    "/proc/self/mountinfo\n| 20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"                                \
    "| 21 1 8:2 / /boot/efi rw - vfat /dev/sda2 rw\n| 22 1 0:5 / /proc rw - proc proc rw\n"        \
    "/proc/net/dev\n| Inter-|   Receive |  Transmit\n"                                             \
    "|   eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"                                           \
    "/proc/diskstats\n| 7 0 loop0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"                             \
    "| 8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n| 8 1 sda1 1 0 2 0 0 0 0 0 0 0 0\n"      \
    "/var/run/utmp\n"

static int statvfs_script(const char *path, struct statvfs *sizes)
{
    if (g_str_equal(path, "/boot/efi")) {
        errno = EIO;
        return -1;
    }
    *sizes = (struct statvfs){ .f_bsize = 1, .f_frsize = 4096, .f_blocks = 1000, .f_bfree = 300,
                               .f_bavail = 250, .f_files = 77, .f_ffree = 7 };
    return 0;
}

static int statvfs_flexible(const char *path, struct statvfs *sizes)
{
    (void)path;
    *sizes = (struct statvfs){ .f_frsize = 512, .f_blocks = 2, .f_bfree = 1 };
    return 0;
}

static const SysOps script_ops = { .statvfs = statvfs_script };
static const SysOps flexible_ops = { .statvfs = statvfs_flexible };

/* The result for @arguments on the machine of @tree, without its start, which has the time. */
static char *ask(const char *tree, const SysOps *sysops, const char *arguments)
{
    g_autoptr(Machine) machine = machine_new_from_text(tree);
    g_autoptr(GError) error = NULL;
    g_autofree char *found = NULL;
    gint64 before = g_get_real_time() * 1000, then;
    char *end;

    machine->sysops = sysops;
    found = machine_run(machine, &family_metrics, NULL, "guestd-metrics", arguments, &error);
    g_assert_no_error(error);
    g_assert_true(g_str_has_prefix(found, "{\"time-ns\": "));
    then = g_ascii_strtoll(found + strlen("{\"time-ns\": "), &end, 10);
    g_assert_cmpint(then, >=, before);
    g_assert_cmpint(then, <=, g_get_real_time() * 1000);
    return g_strdup(*end == ',' ? end + strlen(", ") : end);
}

static void expect(const char *tree, const char *arguments, const char *wanted)
{
    g_autofree char *found = ask(tree, &script_ops, arguments);

    g_assert_cmpstr(found, ==, wanted);
}

#define PARTS(list) "{\"parts\": [" list "]}"

static void test_memory(void)
{
    expect(FULL, PARTS("\"memory\""),
           "\"memory\": {\"total-bytes\": 1024000, \"free-bytes\": 409600, "
           "\"available-bytes\": 614400, \"buffers-bytes\": 10240, \"cached-bytes\": 204800, "
           "\"dirty-bytes\": 3072, \"shared-bytes\": 4096, \"swap-total-bytes\": 2048000, "
           "\"swap-free-bytes\": 1536000, \"swapped-in-bytes\": 8192, "
           "\"swapped-out-bytes\": 12288}}");
    /* Figures that old kernels do not report. */
    expect("/proc/meminfo\n| MemTotal: 1 kB\n", PARTS("\"memory\""),
           "\"memory\": {\"total-bytes\": 1024}}");
    expect("/proc/vmstat\n| pswpin 0\n", PARTS("\"memory\""),
           "\"memory\": {\"swapped-in-bytes\": 0}}");
}

static void test_load(void)
{
    expect(FULL, PARTS("\"load\", \"uptime\""),
           "\"load\": {\"load15m\": 2, \"load5m\": 0.25, \"load1m\": 0.5}, \"uptime-ms\": 12345670}");
    expect("/proc/loadavg\n| 0.50 0.25\n/proc/uptime\n| soon\n", PARTS("\"load\", \"uptime\""), "}");
    expect("/proc/uptime\n| -5.00\n", PARTS("\"uptime\""), "}");
    expect("/proc/uptime\n| 1e300\n", PARTS("\"uptime\""), "}");
}

static void test_pressure(void)
{
    expect(FULL, PARTS("\"pressure\""),
           "\"pressure\": {\"cpu\": {\"some\": {\"avg10\": 1, \"avg60\": 2, \"avg300\": 3, "
           "\"total-us\": 4}}, \"memory\": {\"some\": {\"avg10\": 0, \"avg60\": 0, \"avg300\": 0, "
           "\"total-us\": 5}, \"full\": {\"avg10\": 0.5, \"avg60\": 0, \"avg300\": 0, "
           "\"total-us\": 6}}, \"io\": {\"full\": {\"avg10\": 0, \"avg60\": 0, \"avg300\": 0.25, "
           "\"total-us\": 7}}}}");
    expect("/proc/pressure/cpu\n| some\n", PARTS("\"pressure\""), "}");
}

static void test_cpu(void)
{
    expect(FULL, PARTS("\"cpu\", \"processes\""),
           "\"cpu\": {\"online\": 2, \"user-ms\": 10, \"nice-ms\": 20, \"system-ms\": 30, "
           "\"idle-ms\": 40, \"iowait-ms\": 50, \"irq-ms\": 60, \"softirq-ms\": 70, "
           "\"steal-ms\": 80, \"guest-ms\": 90, \"guest-nice-ms\": 100}, "
           "\"processes\": {\"total\": 456, \"running\": 2, \"blocked\": 1, \"forks\": 4321}}");
    expect("/proc/stat\n| cpu 1 2 3 4\n", PARTS("\"processes\", \"cpu\""),
           "\"cpu\": {\"online\": 0, \"user-ms\": 10, \"nice-ms\": 20, \"system-ms\": 30, "
           "\"idle-ms\": 40}}");
    expect("/proc/stat\n| intr 5\n/proc/loadavg\n| 0 0 0 1/9 1\n", PARTS("\"cpu\", \"processes\""),
           "\"processes\": {\"total\": 9}}");
    expect("/proc/loadavg\n| 0 0 0 1/x 1\n", PARTS("\"processes\""), "}");
}

static void test_filesystems(void)
{
    static const char one[] = "/proc/self/mountinfo\n| 20 1 8:1 / / rw - btrfs /dev/sda1 rw\n";
    g_autofree char *found = NULL;

    expect(FULL, PARTS("\"filesystems\""),
           "\"filesystems\": [{\"mountpoint\": \"/\", \"type\": \"ext4\", "
           "\"source\": \"/dev/sda1\", \"total-bytes\": 4096000, \"free-bytes\": 1228800, "
           "\"available-bytes\": 1024000, \"inodes\": 77, \"inodes-free\": 7}, "
           "{\"mountpoint\": \"/boot/efi\", \"type\": \"vfat\", \"source\": \"/dev/sda2\"}]}");
    expect("/proc/self/mountinfo\n", PARTS("\"filesystems\""), "\"filesystems\": []}");
    found = ask(one, &flexible_ops, PARTS("\"filesystems\""));
    g_assert_cmpstr(found, ==,
                    "\"filesystems\": [{\"mountpoint\": \"/\", \"type\": \"btrfs\", "
                    "\"source\": \"/dev/sda1\", \"total-bytes\": 1024, \"free-bytes\": 512, "
                    "\"available-bytes\": 0}]}");
}

/* Disks that were never used are left out; a counter that the kernel lacks is absent. */
static void test_devices(void)
{
    expect(FULL, PARTS("\"disks\", \"interfaces\""),
           "\"interfaces\": [{\"name\": \"eth0\", \"rx-bytes\": 1, \"rx-packets\": 2, "
           "\"rx-errs\": 3, \"rx-dropped\": 4, \"tx-bytes\": 9, \"tx-packets\": 10, "
           "\"tx-errs\": 11, \"tx-dropped\": 12}], "
           "\"disks\": [{\"name\": \"sda\", \"reads\": 1, \"read-bytes\": 1536, \"read-ms\": 4, "
           "\"writes\": 5, \"write-bytes\": 3584, \"write-ms\": 8, \"in-flight\": 9, "
           "\"busy-ms\": 10, \"weighted-ms\": 11, \"discards\": 12, \"discard-bytes\": 7168, "
           "\"discard-ms\": 15, \"flushes\": 16, \"flush-ms\": 17}, "
           "{\"name\": \"sda1\", \"reads\": 1, \"read-bytes\": 1024, \"read-ms\": 0, "
           "\"writes\": 0, \"write-bytes\": 0, \"write-ms\": 0, \"in-flight\": 0, "
           "\"busy-ms\": 0, \"weighted-ms\": 0}]}");
}

/* In any order, and any number of times. */
static void test_parts(void)
{
    static const char *const members[] = { "memory",     "load",  "pressure",  "uptime-ms",
                                           "cpu",        "filesystems", "interfaces", "disks",
                                           "processes",  "users" };
    g_autofree char *all = ask(FULL, &script_ops, NULL);
    const char *at = all;

    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        g_autofree char *member = g_strdup_printf("\"%s\": ", members[i]);

        at = strstr(at, member);
        g_assert_nonnull(at);
    }
    expect(FULL, PARTS(""), "}");
    expect(FULL, PARTS("\"users\", \"uptime\", \"users\""), "\"uptime-ms\": 12345670, \"users\": 0}");
}

/* A container may have none of the files. */
static void test_nothing(void)
{
    expect("/etc/\n/var/run/utmp\n", NULL, "\"users\": 0}");
}

/* Files that are directories, empty, or malformed. */
static void test_odd(void)
{
    expect("/proc/meminfo/\n/proc/stat/\n/proc/net/dev\n/proc/diskstats\n| sda\n| 8 0\n"
           "/proc/loadavg\n/proc/uptime\n/proc/pressure/io/\n/var/run/utmp\n",
           NULL, "\"interfaces\": [], \"disks\": [], \"users\": 0}");
}

static void test_unknown_part(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(FULL);
    g_autoptr(GError) error = NULL;

    g_assert_null(machine_run(machine, &family_metrics, NULL, "guestd-metrics",
                              PARTS("\"memory\", \"swap\""), &error));
    g_assert_nonnull(strstr(error->message, "does not accept value 'swap'"));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/metrics/memory", test_memory);
    g_test_add_func("/metrics/load", test_load);
    g_test_add_func("/metrics/pressure", test_pressure);
    g_test_add_func("/metrics/cpu", test_cpu);
    g_test_add_func("/metrics/filesystems", test_filesystems);
    g_test_add_func("/metrics/devices", test_devices);
    g_test_add_func("/metrics/parts", test_parts);
    g_test_add_func("/metrics/no files -> all absent", test_nothing);
    g_test_add_func("/metrics/malformed -> absent", test_odd);
    g_test_add_func("/metrics/unknown part -> error", test_unknown_part);
    return g_test_run();
}
