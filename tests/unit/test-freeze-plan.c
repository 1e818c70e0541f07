/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "commands/freeze-plan.h"
#include "tests/unit/kit.h"
#include "tests/unit/machine.h"

/* In which order filesystems are frozen: the pure ordering, and graphs read from sysfs. */

/* ---- freeze_levels() */

/* Orders by @edges, "rider>carrier rider>carrier". Returns the levels, "0 1 2", or NULL. */
static char *levels(const char *edges, gsize n)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GArray) array = g_array_new(FALSE, FALSE, sizeof(FreezeEdge));
    g_auto(GStrv) words = g_strsplit(edges, " ", -1);
    g_autoptr(GString) text = g_string_new(NULL);
    FreezePlan plan = { NULL };
    guint most = 0;

    for (char **word = words; *word && **word; word++) {
        const char *carrier = strchr(*word, '>') + 1;
        FreezeEdge edge = { .carrier = (gsize)g_ascii_strtoull(carrier, NULL, 10),
                            .rider = (gsize)g_ascii_strtoull(*word, NULL, 10) };

        g_array_append_val(array, edge);
    }
    if (!freeze_levels(array, n, arena, &plan))
        return NULL;
    for (gsize i = 0; i < n; i++) {
        g_string_append_printf(text, i ? " %u" : "%u", plan.levels[i]);
        most = MAX(most, plan.levels[i] + 1);
    }
    g_assert_cmpuint(plan.n_levels, ==, most);
    return g_strdup(text->str);
}

static void test_levels(void)
{
    static const struct {
        const char *edges;
        gsize n;
        const char *levels;
    } cases[] = {
        { "", 0, "" },
        { "", 1, "0" },
        { "", 3, "0 0 0" },
        { "1>0", 2, "1 0" },
        { "1>0 2>1 3>2", 4, "3 2 1 0" },
        { "1>0 2>0 3>0", 4, "1 0 0 0" },
        /* A diamond: 3 on 1 and 2, both on 0. */
        { "3>1 3>2 1>0 2>0", 4, "2 1 1 0" },
        /* One way is longer: the carrier waits for the longest. */
        { "3>0 3>2 2>1 1>0", 4, "3 2 1 0" },
        /* The same edge again, as by two devices on one filesystem. */
        { "1>0 1>0 1>0", 2, "1 0" },
        /* Two trees. */
        { "1>0 3>2 4>2", 5, "1 0 1 0 0" },
        { "0>1", 2, "0 1" },
        /* Cycles, alone and beside what could be ordered. */
        { "0>1 1>0", 2, NULL },
        { "0>1 1>2 2>0", 3, NULL },
        { "0>1 1>2 2>1 3>2", 4, NULL },
        { "0>0", 1, NULL },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *found = levels(cases[i].edges, cases[i].n);

        g_assert_cmpstr(found, ==, cases[i].levels);
    }
}

static void test_levels_chain(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(FreezeEdge));
    FreezePlan plan = { NULL };
    const gsize n = 1000;

    for (gsize i = 0; i + 1 < n; i++) {
        FreezeEdge edge = { .carrier = i, .rider = i + 1 };

        g_array_append_val(edges, edge);
    }
    g_assert_true(freeze_levels(edges, n, arena, &plan));
    g_assert_cmpuint(plan.n_levels, ==, n);
    for (gsize i = 0; i < n; i++)
        g_assert_cmpuint(plan.levels[i], ==, n - 1 - i);
}

/* Every edge of a random acyclic graph leads to a higher level. */
static void test_levels_random(void)
{
    const gsize n = 1000;

    for (int round = 0; round < 20; round++) {
        g_autoptr(Arena) arena = arena_new();
        g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(FreezeEdge));
        FreezePlan plan = { NULL };

        for (gsize i = 0; i < 3 * n; i++) {
            gsize carrier = (gsize)g_test_rand_int_range(0, (gint32)n - 1);
            FreezeEdge edge = { .carrier = carrier,
                                .rider = (gsize)g_test_rand_int_range((gint32)carrier + 1,
                                                                      (gint32)n) };

            g_array_append_val(edges, edge);
        }
        g_assert_true(freeze_levels(edges, n, arena, &plan));
        for (guint i = 0; i < edges->len; i++) {
            const FreezeEdge *edge = &g_array_index(edges, FreezeEdge, i);

            g_assert_cmpuint(plan.levels[edge->rider], <, plan.levels[edge->carrier]);
        }
    }
}

/* ---- freeze_plan() on other machines' sysfs */

static void add_level(GString *text, const List *mounts, const FreezePlan *plan, guint level)
{
    const char *before = "";

    for (gsize i = 0; i < mounts->len; i++) {
        if (plan->levels[i] != level)
            continue;
        g_string_append_printf(text, "%s%s", before, list_at(mounts, Mount, i)->mount_point);
        before = ",";
    }
}

/* The mount points of @tree level by level, "/a/b,/c /a", those of one in mount order. */
static char *plan_of(const char *tree)
{
    g_autoptr(Machine) machine = machine_new_from_text(tree);
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) error = NULL;
    GString *text = g_string_new(NULL);
    List mounts = { NULL };
    FreezePlan plan;

    mounts_read(machine->sysroot, &mounts, arena, &error);
    g_assert_no_error(error);
    freeze_plan(machine->sysroot, &mounts, arena, &plan);
    for (guint level = 0; level < plan.n_levels; level++) {
        if (level)
            g_string_append_c(text, ' ');
        add_level(text, &mounts, &plan, level);
    }
    if (plan.is_fallback)
        g_string_append(text, " (fallback)");
    return g_string_free(text, FALSE);
}

#define expect_plan(tree, expected)                                                                \
    do {                                                                                           \
        g_autofree char *found_ = plan_of(tree);                                                   \
                                                                                                   \
        g_assert_cmpstr(found_, ==, expected);                                                     \
    } while (0)

#define MOUNTINFO "/proc/self/mountinfo\n"
#define ROOT_MOUNT "| 20 1 254:0 / / rw - ext4 /dev/vda rw\n"
/* A block device as sysfs shows it: the directory by number is a link. */
#define DEVICE(number, name)                                                                       \
    "/sys/dev/block/" number " -> ../../devices/virtual/block/" name "\n"                          \
    "/sys/devices/virtual/block/" name "/dev\n| " number "\n"
#define BACKING(name, file)                                                                        \
    "/sys/devices/virtual/block/" name "/loop/backing_file\n| " file "\n"
#define SLAVE(name, of) "/sys/devices/virtual/block/" name "/slaves/" of " -> ../../" of "\n"

static void test_plain(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 254:1 / /srv rw - ext4 /dev/vdb rw\n"
                DEVICE("254:0", "vda") DEVICE("254:1", "vdb"), "/,/srv");
    expect_plan(MOUNTINFO "| 20 1 0:5 / /proc rw - proc proc rw\n", "");
}

static void test_loop(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 7:0 / /mnt rw - ext4 /dev/loop0 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0") BACKING("loop0", "/var/disk.img"),
                "/mnt /");
    /* Deleted meanwhile, it still lies there. */
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 7:0 / /mnt rw - ext4 /dev/loop0 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0")
                BACKING("loop0", "/var/disk.img (deleted)"), "/mnt /");
}

/* The longest mount point that contains the file carries it, not one of a similar name. */
static void test_loop_longest(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 254:1 / /va rw - ext4 /dev/vdb rw\n"
                "| 22 20 254:2 / /var/img rw - ext4 /dev/vdc rw\n"
                "| 23 20 7:0 / /mnt rw - ext4 /dev/loop0 rw\n"
                DEVICE("254:0", "vda") DEVICE("254:1", "vdb") DEVICE("254:2", "vdc")
                DEVICE("7:0", "loop0") BACKING("loop0", "/var/img/disk"),
                "/,/va,/mnt /var/img");
}

static void test_loop_in_loop(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 7:0 / /a rw - ext4 /dev/loop0 rw\n"
                "| 22 21 7:1 / /a/b rw - xfs /dev/loop1 rw\n"
                "| 23 20 7:2 / /c rw - ext4 /dev/loop2 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0") DEVICE("7:1", "loop1")
                DEVICE("7:2", "loop2") BACKING("loop0", "/0.img") BACKING("loop1", "/a/1.img")
                BACKING("loop2", "/2.img"),
                "/a/b,/c /a /");
    /* Mounted beside what carries it, and before: mount order would be wrong. */
    expect_plan(MOUNTINFO ROOT_MOUNT "| 22 20 7:1 / /inner rw - ext4 /dev/loop1 rw\n"
                "| 21 20 7:0 / /outer rw - ext4 /dev/loop0 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0") DEVICE("7:1", "loop1")
                BACKING("loop0", "/0.img") BACKING("loop1", "/outer/1.img"),
                "/inner /outer /");
}

/* The file was reached by a bind mount of the carrier. */
static void test_loop_on_bind(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 7:0 / /a rw - ext4 /dev/loop0 rw\n"
                "| 22 20 7:0 /sub /bind rw - ext4 /dev/loop0 rw\n"
                "| 23 20 7:1 / /b rw - ext4 /dev/loop1 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0") DEVICE("7:1", "loop1")
                BACKING("loop0", "/0.img") BACKING("loop1", "/bind/1.img"),
                "/b /a /");
}

/* A backing file of another mount namespace, or gone, is nobody's rider. */
static void test_loop_elsewhere(void)
{
    expect_plan(MOUNTINFO "| 21 20 254:1 / /srv rw - ext4 /dev/vdb rw\n"
                "| 22 20 7:0 / /mnt rw - ext4 /dev/loop0 rw\n"
                DEVICE("254:1", "vdb") DEVICE("7:0", "loop0") BACKING("loop0", "relative.img"),
                "/srv,/mnt");
    expect_plan(MOUNTINFO ROOT_MOUNT "| 22 20 7:0 / /mnt rw - ext4 /dev/loop0 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0"),
                "/,/mnt");
}

/* A partition of a loop device lies on the loop's file. */
static void test_loop_partition(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 259:0 / /mnt rw - ext4 /dev/loop0p1 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0") BACKING("loop0", "/disk.img")
                "/sys/dev/block/259:0 -> ../../devices/virtual/block/loop0/loop0p1\n"
                "/sys/devices/virtual/block/loop0/loop0p1/dev\n| 259:0\n"
                "/sys/devices/virtual/block/loop0/loop0p1/partition\n| 1\n",
                "/mnt /");
}

/* A volume on two disks, which are loop devices on two filesystems. */
static void test_lvm(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 254:1 / /one rw - ext4 /dev/vdb rw\n"
                "| 22 20 254:2 / /two rw - ext4 /dev/vdc rw\n"
                "| 23 20 253:0 / /data rw - xfs /dev/mapper/vg-data rw\n"
                DEVICE("254:0", "vda") DEVICE("254:1", "vdb") DEVICE("254:2", "vdc")
                DEVICE("253:0", "dm-0") DEVICE("7:0", "loop0") DEVICE("7:1", "loop1")
                SLAVE("dm-0", "loop0") SLAVE("dm-0", "loop1")
                BACKING("loop0", "/one/pv") BACKING("loop1", "/two/pv"),
                "/,/data /one,/two");
    /* Two volumes of one group are independent. */
    expect_plan(MOUNTINFO "| 23 20 253:0 / /a rw - ext4 /dev/mapper/vg-a rw\n"
                "| 24 20 253:1 / /b rw - ext4 /dev/mapper/vg-b rw\n"
                DEVICE("253:0", "dm-0") DEVICE("253:1", "dm-1") DEVICE("254:1", "vdb")
                DEVICE("254:2", "vdc") SLAVE("dm-0", "vdb") SLAVE("dm-0", "vdc")
                SLAVE("dm-1", "vdb") SLAVE("dm-1", "vdc"),
                "/a,/b");
}

/* A volume on a mirror of partitions; nothing below is mounted. */
static void test_md(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 253:0 / /srv rw - ext4 /dev/mapper/vg-a rw\n"
                DEVICE("254:0", "vda") DEVICE("253:0", "dm-0") DEVICE("9:0", "md0")
                DEVICE("7:0", "loop0") DEVICE("7:1", "loop1")
                SLAVE("dm-0", "md0") SLAVE("md0", "loop0") SLAVE("md0", "loop1")
                BACKING("loop0", "/a.img") BACKING("loop1", "/b.img"),
                "/srv /");
}

/* btrfs is known by the device it is mounted from, but lies on all of them. */
static void test_btrfs(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 254:1 / /one rw - ext4 /dev/vdb rw\n"
                "| 22 20 0:50 / /pool rw - btrfs /dev/loop0 rw\n"
                "| 23 20 0:50 /sub /pool-sub rw - btrfs /dev/loop0 rw\n"
                DEVICE("254:0", "vda") DEVICE("254:1", "vdb")
                DEVICE("7:0", "loop0") DEVICE("7:1", "loop1")
                "/sys/class/block/loop0 -> ../../devices/virtual/block/loop0\n"
                BACKING("loop0", "/a.img") BACKING("loop1", "/one/b.img")
                "/sys/fs/btrfs/features/\n"
                "/sys/fs/btrfs/0f4c/devices/loop0 -> ../../../../devices/virtual/block/loop0\n"
                "/sys/fs/btrfs/0f4c/devices/loop1 -> ../../../../devices/virtual/block/loop1\n",
                "/pool /,/one");
}

/* ---- what cannot be ordered goes by mount order, one by one */

static void test_unreadable(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 254:1 / /a rw - ext4 /dev/vdb rw\n"
                "| 22 21 253:0 / /a/b rw - ext4 /dev/mapper/x rw\n"
                DEVICE("254:0", "vda") DEVICE("254:1", "vdb") DEVICE("253:0", "dm-0")
                "/sys/devices/virtual/block/dm-0/slaves/gone -> ../../gone\n",
                "/a/b /a / (fallback)");
    expect_plan(MOUNTINFO ROOT_MOUNT "| 22 20 253:0 / /b rw - ext4 /dev/mapper/x rw\n"
                DEVICE("254:0", "vda") DEVICE("253:0", "dm-0")
                "/sys/devices/virtual/block/dm-0/slaves/odd/dev\n| nonsense\n",
                "/b / (fallback)");
}

static void test_cycle(void)
{
    expect_plan(MOUNTINFO "| 21 20 7:0 / /a rw - ext4 /dev/loop0 rw\n"
                "| 22 20 7:1 / /b rw - ext4 /dev/loop1 rw\n"
                DEVICE("7:0", "loop0") DEVICE("7:1", "loop1")
                BACKING("loop0", "/b/0.img") BACKING("loop1", "/a/1.img"),
                "/b /a (fallback)");
    /* Devices that carry each other. */
    expect_plan(MOUNTINFO ROOT_MOUNT "| 22 20 253:0 / /b rw - ext4 /dev/mapper/x rw\n"
                DEVICE("254:0", "vda") DEVICE("253:0", "dm-0") DEVICE("253:1", "dm-1")
                SLAVE("dm-0", "dm-1") SLAVE("dm-1", "dm-0"),
                "/b / (fallback)");
}

/* A file on the filesystem that it carries, as after a mount over its directory. */
static void test_self(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 7:0 / /a rw - ext4 /dev/loop0 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0") BACKING("loop0", "/a/disk.img"),
                "/,/a");
}

/* Without sysfs nothing is known of what lies on what. */
static void test_no_sysfs(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 254:1 / /a rw - ext4 /dev/vdb rw\n",
                "/a / (fallback)");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/freeze/levels/cases", test_levels);
    g_test_add_func("/freeze/levels/chain", test_levels_chain);
    g_test_add_func("/freeze/levels/random", test_levels_random);
    g_test_add_func("/freeze/plan/plain", test_plain);
    g_test_add_func("/freeze/plan/loop", test_loop);
    g_test_add_func("/freeze/plan/loop/longest", test_loop_longest);
    g_test_add_func("/freeze/plan/loop/in-loop", test_loop_in_loop);
    g_test_add_func("/freeze/plan/loop/on-bind", test_loop_on_bind);
    g_test_add_func("/freeze/plan/loop/elsewhere", test_loop_elsewhere);
    g_test_add_func("/freeze/plan/loop/partition", test_loop_partition);
    g_test_add_func("/freeze/plan/lvm", test_lvm);
    g_test_add_func("/freeze/plan/md", test_md);
    g_test_add_func("/freeze/plan/btrfs", test_btrfs);
    g_test_add_func("/freeze/plan/unreadable", test_unreadable);
    g_test_add_func("/freeze/plan/cycle", test_cycle);
    g_test_add_func("/freeze/plan/self", test_self);
    g_test_add_func("/freeze/plan/no-sysfs", test_no_sysfs);
    return g_test_run();
}
