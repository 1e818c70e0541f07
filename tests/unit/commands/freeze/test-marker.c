/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#include "commands/freeze/marker.h"
#include "commands/freeze/rcu.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/* The marker of an earlier freeze that a restarted agent finds. */

#define BOOT(id) "/proc/sys/kernel/random/boot_id\n| " id "\n"

static char *state_dir(const Machine *machine)
{
    char *dir = g_build_filename(machine->directory, "state", NULL);

    g_mkdir(dir, 0700);
    return dir;
}

static void write_marker(const Machine *machine, const char *dir, gint64 deadline_us)
{
    FreezeMarker marker = { .deadline_us = deadline_us,
                            .late = TRUE,
                            .grace_before = -1,
                            .mount_points = (char **)(const char *[]){ "/", "/with space;and#", "/tab\tnewline\n",
                                                        "/umlaut-\303\244", NULL } };
    g_autoptr(GError) error = NULL;

    freeze_marker_write(machine->sysroot, dir, &marker, &error);
    g_assert_no_error(error);
}

static void test_life(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(BOOT("one"));
    g_autofree char *dir = state_dir(machine);
    FreezeMarker marker;

    g_assert_false(freeze_marker_read(machine->sysroot, dir, &marker));
    write_marker(machine, dir, 1234567890123);
    g_assert_true(freeze_marker_read(machine->sysroot, dir, &marker));
    g_assert_cmpint(marker.deadline_us, ==, 1234567890123);
    g_assert_true(marker.late);
    g_assert_cmpint(marker.grace_before, ==, -1);
    g_assert_cmpuint(g_strv_length(marker.mount_points), ==, 4);
    g_assert_cmpstr(marker.mount_points[0], ==, "/");
    g_assert_cmpstr(marker.mount_points[1], ==, "/with space;and#");
    g_assert_cmpstr(marker.mount_points[2], ==, "/tab\tnewline\n");
    g_assert_cmpstr(marker.mount_points[3], ==, "/umlaut-\303\244");
    freeze_marker_clear(&marker);
    /* Reading does not remove it; the end of the freeze does. */
    g_assert_true(freeze_marker_read(machine->sysroot, dir, &marker));
    freeze_marker_clear(&marker);
    freeze_marker_remove(dir);
    g_assert_false(freeze_marker_read(machine->sysroot, dir, &marker));
    freeze_marker_remove(dir);
}

/* A marker of another boot, as on a restored disk, is removed. */
static void test_other_boot(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(BOOT("one"));
    g_autoptr(Machine) later = machine_new_from_text(BOOT("two"));
    g_autofree char *dir = state_dir(machine);
    g_autofree char *path = g_build_filename(dir, "guestd.freeze", NULL);
    FreezeMarker marker;

    write_marker(machine, dir, 5);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_false(freeze_marker_read(later->sysroot, dir, &marker));
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* Without a boot id, a marker cannot be of the same boot. */
static void test_no_boot_id(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(BOOT("one"));
    g_autoptr(Machine) other = machine_new_from_text("/proc/\n");
    g_autofree char *dir = state_dir(machine);
    FreezeMarker marker;

    write_marker(machine, dir, 5);
    g_assert_false(freeze_marker_read(other->sysroot, dir, &marker));
}

static void test_damaged(void)
{
    static const char *const damaged[] = { "", "[freeze", "nonsense", "[other]\nboot-id=one\n",
                                           "[freeze]\n", "[freeze]\nboot-id=\n" };
    g_autoptr(Machine) machine = machine_new_from_text(BOOT("one"));
    g_autofree char *dir = state_dir(machine);
    FreezeMarker marker;

    for (gsize i = 0; i < G_N_ELEMENTS(damaged); i++) {
        g_free(kit_write_file(dir, "guestd.freeze", damaged[i]));
        g_assert_false(freeze_marker_read(machine->sysroot, dir, &marker));
    }
    /* Without a list nothing can be adopted, but the deadline holds. */
    g_free(kit_write_file(dir, "guestd.freeze", "[freeze]\nboot-id=one\ndeadline=7\n"));
    if (freeze_marker_read(machine->sysroot, dir, &marker)) {
        g_assert_cmpint(marker.deadline_us, ==, 7);
        freeze_marker_clear(&marker);
    }
}

/* Nothing is frozen without a marker, so a failed write must be an error. */
static void test_unwritable(void)
{
    g_autoptr(Machine) machine = machine_new_from_text(BOOT("one"));
    g_autofree char *missing = g_build_filename(machine->directory, "no", "such", NULL);
    FreezeMarker marker = { .mount_points = (char **)(const char *[]){ "/", NULL } };
    g_autoptr(GError) error = NULL;

    g_assert_false(freeze_marker_write(machine->sysroot, missing, &marker, &error));
    g_assert_true(g_str_has_prefix(error->message, "failed to write the freeze marker: "));
}

/* ---- short grace periods, which a later agent may have to end */

static char *grace(const Machine *machine)
{
    char *text = NULL;

    sysroot_read(machine->sysroot, "/sys/kernel/rcu_expedited", &text, NULL);
    return text;
}

static void expect_grace(const Machine *machine, char expected)
{
    g_autofree char *found = grace(machine);

    g_assert_cmpint(found[0], ==, expected);
}

static void test_grace(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("/sys/kernel/rcu_expedited\n| 0\n");
    int before = quick_grace_before(machine->sysroot);

    g_assert_cmpint(before, ==, 0);
    expect_grace(machine, '0');
    quick_grace_begin(machine->sysroot, before);
    expect_grace(machine, '1');
    quick_grace_end(machine->sysroot, before);
    expect_grace(machine, '0');
}

/* A setting of others stays. */
static void test_grace_foreign(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("/sys/kernel/rcu_expedited\n| 1\n");
    int before = quick_grace_before(machine->sysroot);

    g_assert_cmpint(before, ==, -1);
    quick_grace_begin(machine->sysroot, before);
    quick_grace_end(machine->sysroot, before);
    expect_grace(machine, '1');
}

static void test_grace_missing(void)
{
    g_autoptr(Machine) machine = machine_new_from_text("/sys/\n");
    g_autofree char *found = NULL;

    g_assert_cmpint(quick_grace_before(machine->sysroot), ==, -1);
    quick_grace_begin(machine->sysroot, -1);
    quick_grace_end(machine->sysroot, -1);
    found = grace(machine);
    g_assert_null(found);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/freeze/marker/write, read and remove", test_life);
    g_test_add_func("/freeze/marker/other boot -> removed", test_other_boot);
    g_test_add_func("/freeze/marker/no boot id -> not adopted", test_no_boot_id);
    g_test_add_func("/freeze/marker/damaged -> ignored", test_damaged);
    g_test_add_func("/freeze/marker/unwritable -> error", test_unwritable);
    g_test_add_func("/freeze/grace/set and restored", test_grace);
    g_test_add_func("/freeze/grace/set by others -> unchanged", test_grace_foreign);
    g_test_add_func("/freeze/grace/no such file -> nothing to do", test_grace_missing);
    return g_test_run();
}
