/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <sys/sysmacros.h>

#include "commands/shared/mounts.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/* The filesystems in the mount tables of other machines. */

static char *describe(const Mount *mount)
{
    GString *text = g_string_new(NULL);

    g_string_append_printf(text, "%u:%u %s %s %s", major(mount->device), minor(mount->device),
                           mount->mount_point, mount->type, mount->source);
    for (gsize i = 0; i < mount->other_mount_points.len; i++)
        g_string_append_printf(text, " +%s",
                               *list_at(&mount->other_mount_points, const char *, i));
    return g_string_free(text, FALSE);
}

/* The mounts of @machine, one a line. */
static char *read_mounts(const Machine *machine)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    List mounts = { NULL };

    mounts_read(machine->sysroot, &mounts, arena, &error);
    g_assert_no_error(error);
    for (gsize i = 0; i < mounts.len; i++) {
        g_autofree char *line = describe(list_at(&mounts, Mount, i));

        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}

static void expect_mounts(Machine *machine, const char *expected)
{
    g_autofree char *found = read_mounts(machine);

    g_assert_cmpstr(found, ==, expected);
}

/* The first mount of a filesystem represents it; the others are remembered. */
static void test_bind(void)
{
    g_autoptr(Machine) machine = machine_new("bind");

    expect_mounts(machine, "254:1 / ext4 /dev/vda1 +/bind +/etc/file\n"
                           "254:2 /srv ext4 /dev/vda2 +/again\n"
                           "8:1 /gone ext4 /dev/sda1\n");
}

/* For btrfs the device that it is mounted from counts, if there is one. */
static void test_btrfs(void)
{
    g_autoptr(Machine) machine = machine_new("btrfs");

    expect_mounts(machine, "254:0 / btrfs /dev/vda +/home\n"
                           "254:16 /pool btrfs /dev/vdb\n");
}

static void test_escapes(void)
{
    g_autoptr(Machine) machine = machine_new("loop");

    expect_mounts(machine, "254:0 / ext4 /dev/vda\n"
                           "7:0 /mnt/a b\\c\t# ext4 /dev/loop0\n");
}

/* Malformed lines are skipped, and only they. */
static void test_malformed(void)
{
    g_autoptr(Machine) machine =
        machine_new_from_text("/proc/self/mountinfo\n"
                              "| 20 1 8:1 / / rw - ext4 /dev/sda1 rw\n"
                              "| nonsense\n"
                              "| 21 1\n"
                              "|\n"
                              "| 22 1 8:2 / /optional rw shared:1 master:2 - xfs /dev/sda2 rw\n"
                              "| 23 1 4095:1048575 / /large rw - ext4 /dev/x rw\n");

    expect_mounts(machine, "8:1 / ext4 /dev/sda1\n"
                           "8:2 /optional xfs /dev/sda2\n"
                           "4095:1048575 /large ext4 /dev/x\n");
}

static void test_empty(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("/proc/self/mountinfo\n");

    expect_mounts(machine, "");
}

/* Without mountinfo: only the numbers of existing devices, no directories, no cifs. */
static void test_fallback(void)
{
    g_autoptr(Machine) machine =
        machine_new_from_text("/proc/self/mounts\n"
                              "| /dev/vda / ext4 rw 0 0\n"
                              "| proc /proc proc rw 0 0\n"
                              "| //server/share /share cifs rw 0 0\n"
                              "| //server/share /old smbfs rw 0 0\n"
                              "| /srv/dir /bind none rw,bind 0 0\n"
                              "| server:/export /net nfs rw 0 0\n"
                              "| /dev/vdx /unknown ext4 rw 0 0\n"
                              "| /dev/vdy /another\\040one ext4 rw 0 0\n"
                              "| /dev/vda /again ext4 rw 0 0\n"
                              "/srv/dir/\n"
                              "/sys/class/block/vda/dev\n"
                              "| 254:0\n");

    expect_mounts(machine, "254:0 / ext4 /dev/vda +/again\n"
                           "0:0 /unknown ext4 /dev/vdx\n"
                           "0:0 /another one ext4 /dev/vdy\n");
}

static void test_no_table(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("/proc/self/\n");
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    List mounts = { NULL };

    g_assert_false(mounts_read(machine->sysroot, &mounts, arena, &error));
    kit_expect_error(&error, "failed to open mtab file: '/proc/self/mounts'");
}

/* Filesystems are looked up by hash: without it, this would take minutes. */
static void test_many(void)
{
    enum { FILESYSTEMS = 20000, TIMES = 3 };
    g_autoptr(GString) tree = g_string_new("/proc/self/mountinfo\n");
    g_autoptr(Machine) machine = NULL;
    g_autoptr(Arena) arena = arena_new();
    List mounts = { NULL };

    for (guint time = 0; time < TIMES; time++)
        for (guint i = 0; i < FILESYSTEMS; i++)
            g_string_append_printf(tree, "| 20 1 259:%u / /m%u/%u rw - ext4 /dev/x rw\n", i, time,
                                   i);
    machine = machine_new_from_text(tree->str);
    g_assert_true(mounts_read(machine->sysroot, &mounts, arena, NULL));
    g_assert_cmpuint(mounts.len, ==, FILESYSTEMS);
    for (gsize i = 0; i < mounts.len; i++)
        g_assert_cmpuint(list_at(&mounts, Mount, i)->other_mount_points.len, ==, TIMES - 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/mounts/bind mount -> one filesystem", test_bind);
    g_test_add_func("/mounts/btrfs -> source's device", test_btrfs);
    g_test_add_func("/mounts/escapes", test_escapes);
    g_test_add_func("/mounts/malformed -> skipped", test_malformed);
    g_test_add_func("/mounts/empty table -> no filesystems", test_empty);
    g_test_add_func("/mounts/no mountinfo -> the older file", test_fallback);
    g_test_add_func("/mounts/no table -> error", test_no_table);
    g_test_add_func("/mounts/thousands", test_many);
    return g_test_run();
}
