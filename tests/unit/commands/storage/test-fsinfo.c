/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/*
 * guest-get-fsinfo, guest-get-disks and guest-fstrim on /proc and /sys of other machines, with
 * scripted system calls.
 */

extern const Family family_fsinfo, family_disks, family_fstrim;

/* statvfs, open and trim ---------------------------------------------------- */

static int no_statvfs(const char *path, struct statvfs *sizes)
{
    (void)path;
    (void)sizes;
    errno = EIO;
    return -1;
}

static int statvfs_sizes(const char *path, struct statvfs *sizes)
{
    if (g_str_equal(path, "/boot/efi"))
        return no_statvfs(path, sizes);
    *sizes = (struct statvfs){ .f_bsize = 1, .f_frsize = 4096, .f_blocks = 1000, .f_bfree = 300,
                               .f_bavail = 250 };
    return 0;
}

static int no_smart(const char *path, void *page)
{
    (void)path;
    (void)page;
    errno = ENOTTY;
    return -1;
}

/* The first drive's page counts 0, 1, 2...; the second refuses. */
static int count_smart(const char *path, void *page)
{
    if (!g_str_equal(path, "/dev/nvme0n1")) {
        errno = EACCES;
        return -1;
    }
    for (guint i = 0; i < NVME_SMART_BYTES; i++)
        ((guint8 *)page)[i] = (guint8)i;
    return 0;
}

static const SysOps plain_ops = { .statvfs = no_statvfs, .nvme_smart = no_smart };
static const SysOps smart_ops = { .nvme_smart = count_smart };
static const SysOps sizes_ops = { .statvfs = statvfs_sizes };

/* Descriptors of the script: which mount was opened. */
static int open_script(const char *path)
{
    static const char *const mounts[] = { "/", "/srv", "/gone" };

    for (guint i = 0; i < G_N_ELEMENTS(mounts); i++)
        if (g_str_equal(path, mounts[i]))
            return 1000 + (int)i;
    g_error("%s is opened", path);
}

static int open_nothing(const char *path)
{
    (void)path;
    errno = ENOENT;
    return -1;
}

static int close_script(int fd)
{
    g_assert_cmpint(fd, >=, 1000);
    return 0;
}

static int trim_script(int fd, struct fstrim_range *range)
{
    g_assert_cmpuint(range->start, ==, 0);
    g_assert_cmpuint(range->len, ==, G_MAXUINT64);
    switch (fd) {
    case 1000:
        range->len = 12345678;
        range->minlen = MAX(range->minlen, 4096);
        return 0;
    case 1001:
        errno = EOPNOTSUPP;
        return -1;
    default:
        errno = EIO;
        return -1;
    }
}

static int trim_refuses(int fd, struct fstrim_range *range)
{
    g_assert_cmpuint(range->minlen, ==, G_MAXUINT64);
    errno = fd == 1000 ? ENOTTY : EINVAL;
    return -1;
}

static const SysOps trim_ops = { .open_mount = open_script, .close = close_script,
                                 .trim = trim_script };
static const SysOps refusing_ops = { .open_mount = open_script, .close = close_script,
                                     .trim = trim_refuses };
static const SysOps unopened_ops = { .open_mount = open_nothing };

/* Expected results ---------------------------------------------------------- */

static void compare(const char *name, const char *file, const Machine *machine,
                    const Family *family, const char *command)
{
    g_autofree char *expected = machine_read_data(name, file);
    g_autoptr(GError) error = NULL;
    g_autofree char *found = machine_run(machine, family, NULL, command, NULL, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, expected);
}

static void test_machine(gconstpointer name)
{
    g_autoptr(Machine) machine = machine_new(name);

    machine->sysops = &plain_ops;
    compare(name, "fsinfo", machine, &family_fsinfo, "guest-get-fsinfo");
    compare(name, "disks", machine, &family_disks, "guest-get-disks");
}

static void expect(const Machine *machine, const Family *family, const char *command,
                   const char *arguments, const char *expected)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *found = machine_run(machine, family, NULL, command, arguments, &error);

    g_assert_no_error(error);
    g_assert_cmpstr(found, ==, expected);
}

/*
 * A filesystem for which statvfs() fails lacks sizes. Without /sys, a device has only its
 * numbers.
 */
static void test_sizes(void)
{
    g_autoptr(Machine) machine =
        machine_new_from_text("/proc/self/mountinfo\n"
                              "| 20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                              "| 21 1 8:2 / /boot/efi rw - vfat /dev/sda2 rw\n");

    machine->sysops = &sizes_ops;
    expect(machine, &family_fsinfo, "guest-get-fsinfo", NULL,
           "{\"name\": \"8:2\", \"mountpoint\": \"/boot/efi\", \"disk\": [], \"type\": \"vfat\"}\n"
           "{\"name\": \"8:1\", \"total-bytes\": 3891200, \"total-bytes-privileged\": 4096000, "
           "\"mountpoint\": \"/\", \"disk\": [], \"used-bytes\": 2867200, \"type\": \"ext4\"}\n");
}

static void expect_failure(const char *tree, const Family *family, const char *command,
                           const char *message)
{
    g_autoptr(Machine) machine = machine_new_from_text(tree);
    g_autoptr(GError) error = NULL;

    machine->sysops = &plain_ops;
    g_assert_null(machine_run(machine, family, NULL, command, NULL, &error));
    kit_expect_error(&error, message);
}

#define MOUNTED_8_1 "/proc/self/mountinfo\n| 20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
#define NO_TABLE "failed to open mtab file: '/proc/self/mounts'"

static void test_failures(void)
{
    expect_failure("/etc/\n", &family_fsinfo, "guest-get-fsinfo", NO_TABLE);
    expect_failure("/etc/\n", &family_fstrim, "guest-fstrim", NO_TABLE);
    expect_failure("/etc/\n", &family_disks, "guest-get-disks",
                   "Can't open directory \"/sys/block\": No such file or directory");
    expect_failure(MOUNTED_8_1 "/sys/dev/block/8:1 -> 8:1\n", &family_fsinfo, "guest-get-fsinfo",
                   "realpath(\"/sys/dev/block/8:1\"): Too many levels of symbolic links");
    expect_failure(MOUNTED_8_1 "/sys/dev/block/8:1 -> /sys/devices/virtual/block/dm-0\n"
                               "/sys/devices/virtual/block/dm-0/slaves\n| a file\n",
                   &family_fsinfo, "guest-get-fsinfo",
                   "opendir(\"/sys/devices/virtual/block/dm-0/slaves\"): Not a directory");
    expect_failure(MOUNTED_8_1 "/sys/dev/block/8:1 -> /sys/devices/virtual/block/dm-0\n"
                               "/sys/devices/virtual/block/dm-0/slaves/x -> x\n",
                   &family_fsinfo, "guest-get-fsinfo",
                   "realpath(\"/sys/devices/virtual/block/dm-0/slaves/x\"): "
                   "Too many levels of symbolic links");
}

/* The values of a drive in the order of the reference; those of a drive that refuses are absent. */
static void test_smart(void)
{
    static const char expected[] =
        "{\"name\": \"/dev/nvme0n1\", \"smart\": {\"available-spare\": 3, "
        "\"host-write-commands-hi\": 6872032732664977752, \"temperature\": 513, "
        "\"power-on-hours-lo\": 9765639646188044672, "
        "\"host-read-commands-hi\": 5714589967255750984, "
        "\"host-read-commands-lo\": 5135868584551137600, "
        "\"number-of-error-log-entries-hi\": 13816689325120338360, "
        "\"unsafe-shutdowns-hi\": 11501803794301884824, "
        "\"unsafe-shutdowns-lo\": 10923082411597271440, "
        "\"host-write-commands-lo\": 6293311349960364368, \"available-spare-threshold\": 4, "
        "\"power-on-hours-hi\": 10344361028892658056, "
        "\"controller-busy-time-hi\": 8029475498074204520, "
        "\"controller-busy-time-lo\": 7450754115369591136, "
        "\"data-units-read-hi\": 3399704436437297448, "
        "\"data-units-read-lo\": 2820983053732684064, "
        "\"power-cycles-hi\": 9186918263483431288, "
        "\"power-cycles-lo\": 8608196880778817904, "
        "\"media-errors-hi\": 12659246559711111592, "
        "\"media-errors-lo\": 12080525177006498208, "
        "\"data-units-written-hi\": 4557147201846524216, "
        "\"data-units-written-lo\": 3978425819141910832, \"type\": \"nvme\", "
        "\"critical-warning\": 0, \"percentage-used\": 5, "
        "\"number-of-error-log-entries-lo\": 13237967942415724976}, \"dependencies\": []";
    g_autoptr(Machine) machine = machine_new("nvme");
    g_autofree char *found = NULL;
    g_auto(GStrv) lines = NULL;

    machine->sysops = &smart_ops;
    found = machine_run(machine, &family_disks, NULL, "guest-get-disks", NULL, NULL);
    lines = g_strsplit(found, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 5);
    for (gsize i = 0; i < 3; i++)
        g_assert_null(strstr(lines[i], "smart"));
    g_assert_true(g_str_has_prefix(lines[3], expected));
}

/* A real sysfs has no cycle, but one must not crash the agent. */
static void test_cycle(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(
        MOUNTED_8_1 "/sys/dev/block/8:1 -> /sys/devices/virtual/block/dm-0\n"
                    "/sys/devices/virtual/block/dm-0/slaves/dm-0 -> "
                    "/sys/devices/virtual/block/dm-0\n"
                    "/sys/devices/virtual/block/dm-0/slaves/gone -> /sys/devices/nowhere\n");

    machine->sysops = &plain_ops;
    expect(machine, &family_fsinfo, "guest-get-fsinfo", NULL,
           "{\"name\": \"dm-0\", \"mountpoint\": \"/\", \"disk\": [], \"type\": \"ext4\"}\n");
}

/* A mount that hangs lacks its sizes, and the next call does not wait for it again. */
static GMutex stale_lock;
static GCond stale_changed;
static gboolean stale_over, stale_asked;

static int statvfs_hangs(const char *path, struct statvfs *sizes)
{
    if (!g_str_equal(path, "/boot/efi"))
        return statvfs_sizes(path, sizes);
    g_mutex_lock(&stale_lock);
    g_assert_false(stale_asked);
    stale_asked = TRUE;
    while (!stale_over)
        g_cond_wait(&stale_changed, &stale_lock);
    g_mutex_unlock(&stale_lock);
    return -1;
}

static const SysOps stale_ops = { .statvfs = statvfs_hangs };

static void test_stale(void)
{
    g_autoptr(Machine) machine = machine_new("virtio-blk");
    void *state = family_fsinfo.init(NULL, NULL);

    machine->sysops = &stale_ops;
    for (gsize i = 0; i < 2; i++) {
        g_autofree char *found =
            machine_run(machine, &family_fsinfo, state, "guest-get-fsinfo", NULL, NULL);
        g_auto(GStrv) lines = g_strsplit(found, "\n", -1);

        g_assert_cmpuint(g_strv_length(lines), ==, 3);
        g_assert_null(strstr(lines[0], "bytes"));
        g_assert_nonnull(strstr(lines[1], "\"used-bytes\": 2867200"));
    }
    g_mutex_lock(&stale_lock);
    stale_over = TRUE;
    g_cond_signal(&stale_changed);
    g_mutex_unlock(&stale_lock);
    family_fsinfo.free(state);
}

/* guest-fstrim -------------------------------------------------------------- */

static void test_trim(void)
{
    g_autoptr(Machine) machine = machine_new("bind");

    machine->sysops = &trim_ops;
    expect(machine, &family_fstrim, "guest-fstrim", NULL,
           "{\"paths\": [{\"path\": \"/gone\", \"error\": \"failed to trim: Input/output error\"}, "
           "{\"path\": \"/srv\", \"error\": \"trim not supported\"}, "
           "{\"minimum\": 4096, \"path\": \"/\", \"trimmed\": 12345678}]}");
    expect(machine, &family_fstrim, "guest-fstrim", "{\"minimum\": 1048576}",
           "{\"paths\": [{\"path\": \"/gone\", \"error\": \"failed to trim: Input/output error\"}, "
           "{\"path\": \"/srv\", \"error\": \"trim not supported\"}, "
           "{\"minimum\": 1048576, \"path\": \"/\", \"trimmed\": 12345678}]}");
}

static void test_trim_refused(void)
{
    g_autoptr(Machine) machine = machine_new("bind");

    machine->sysops = &refusing_ops;
    expect(machine, &family_fstrim, "guest-fstrim", "{\"minimum\": -1}",
           "{\"paths\": [{\"path\": \"/gone\", \"error\": \"failed to trim: Invalid argument\"}, "
           "{\"path\": \"/srv\", \"error\": \"failed to trim: Invalid argument\"}, "
           "{\"path\": \"/\", \"error\": \"trim not supported\"}]}");
    machine->sysops = &unopened_ops;
    expect(machine, &family_fstrim, "guest-fstrim", "{}",
           "{\"paths\": ["
           "{\"path\": \"/gone\", \"error\": \"failed to open: No such file or directory\"}, "
           "{\"path\": \"/srv\", \"error\": \"failed to open: No such file or directory\"}, "
           "{\"path\": \"/\", \"error\": \"failed to open: No such file or directory\"}]}");
}

int main(int argc, char **argv)
{
    g_auto(GStrv) machines = NULL;

    g_test_init(&argc, &argv, NULL);
    machines = machine_names();
    for (gsize i = 0; machines[i]; i++) {
        g_autofree char *path = g_strconcat("/fsinfo/machine/", machines[i], NULL);

        g_test_add_data_func(path, machines[i], test_machine);
    }
    g_test_add_func("/fsinfo/sizes", test_sizes);
    g_test_add_func("/fsinfo/statvfs fails -> no sizes", test_failures);
    g_test_add_func("/fsinfo/smart", test_smart);
    g_test_add_func("/fsinfo/cycle of devices -> ends", test_cycle);
    g_test_add_func("/fsinfo/filesystem hangs -> no sizes", test_stale);
    g_test_add_func("/fsinfo/trim", test_trim);
    g_test_add_func("/fsinfo/trim/refused -> error of the filesystem", test_trim_refused);
    return g_test_run();
}
