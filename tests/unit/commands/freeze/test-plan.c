/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "commands/freeze/plan.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/machine.h"

/* The order in which filesystems are frozen: graphs read from sysfs of other machines. */

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

/* ---- a kernel that reports where the files of loop devices are */

/* The end of a loop device's node, or a mount point; it is on that device. */
typedef struct {
    const char *name;
    unsigned device_major, device_minor;
} Place;

static const Place *places; /* ended by a name of NULL; none: the kernel reports nothing */

static int tell_backing(const char *path, dev_t *device)
{
    for (const Place *place = places; place && place->name; place++)
        if (g_str_has_suffix(path, place->name)) {
            *device = makedev(place->device_major, place->device_minor);
            return 0;
        }
    errno = ENOENT;
    return -1;
}

static int open_place(const char *path)
{
    for (int i = 0; places && places[i].name; i++)
        if (g_str_equal(path, places[i].name))
            return i;
    errno = EACCES;
    return -1;
}

static int close_place(int fd)
{
    g_assert_cmpint(fd, >=, 0);
    return 0;
}

static int identify_place(int fd, dev_t *device, uint64_t *mount_id)
{
    *device = makedev(places[fd].device_major, places[fd].device_minor);
    *mount_id = 0;
    return 0;
}

static const SysOps loop_ops = { .loop_backing = tell_backing, .open_mount = open_place,
                                 .close = close_place, .identify = identify_place };

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
    freeze_plan(machine->sysroot, &loop_ops, &mounts, arena, &plan);
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
    /* A file that was deleted meanwhile is still on its filesystem. */
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
    /* Mounted before the filesystem that carries it: mount order would be wrong. */
    expect_plan(MOUNTINFO ROOT_MOUNT "| 22 20 7:1 / /inner rw - ext4 /dev/loop1 rw\n"
                "| 21 20 7:0 / /outer rw - ext4 /dev/loop0 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0") DEVICE("7:1", "loop1")
                BACKING("loop0", "/0.img") BACKING("loop1", "/outer/1.img"),
                "/inner /outer /");
}

/* The path of the file leads through a bind mount of the carrier. */
static void test_loop_on_bind(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 7:0 / /a rw - ext4 /dev/loop0 rw\n"
                "| 22 20 7:0 /sub /bind rw - ext4 /dev/loop0 rw\n"
                "| 23 20 7:1 / /b rw - ext4 /dev/loop1 rw\n"
                DEVICE("254:0", "vda") DEVICE("7:0", "loop0") DEVICE("7:1", "loop1")
                BACKING("loop0", "/0.img") BACKING("loop1", "/bind/1.img"),
                "/b /a /");
}

/* A backing file of another mount namespace, or a deleted one, is on no known filesystem. */
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

/* The kernel's answer counts, not the path, which led there once. */
static void test_loop_moved(void)
{
    static const Place moved[] = { { "/dev/loop0", 254, 1 }, { NULL, 0, 0 } };
    static const Place away[] = { { "/dev/loop0", 254, 9 }, { NULL, 0, 0 } };
    const char *tree = MOUNTINFO ROOT_MOUNT "| 21 20 7:0 / /mnt rw - ext4 /dev/loop0 rw\n"
                       "| 22 20 254:1 / /later rw - ext4 /dev/vdb rw\n"
                       DEVICE("254:0", "vda") DEVICE("254:1", "vdb") DEVICE("7:0", "loop0")
                       BACKING("loop0", "/gone/disk.img");

    places = moved;
    expect_plan(tree, "/,/mnt /later");
    /* On a filesystem that is not mounted here any more. */
    places = away;
    expect_plan(tree, "/,/mnt,/later");
    places = NULL;
    expect_plan(tree, "/mnt,/later /");
}

/* Files on btrfs have the number of their subvolume, by which the mount point is found. */
static void test_loop_on_btrfs(void)
{
    static const Place mounted[] = { { "/dev/loop0", 0, 61 },
                                     { "/pool", 0, 60 },
                                     { "/pool-sub", 0, 61 }, { NULL, 0, 0 } };
    static const Place nested[] = { { "/dev/loop0", 0, 62 },
                                    { "/pool", 0, 60 }, { NULL, 0, 0 } };
    const char *tree = MOUNTINFO ROOT_MOUNT "| 22 20 0:50 / /pool rw - btrfs /dev/vdb rw\n"
                       "| 23 20 0:50 /sub /pool-sub rw - btrfs /dev/vdb rw\n"
                       "| 24 20 7:0 / /mnt rw - ext4 /dev/loop0 rw\n"
                       DEVICE("254:0", "vda") DEVICE("254:16", "vdb") DEVICE("7:0", "loop0")
                       "/sys/class/block/vdb -> ../../devices/virtual/block/vdb\n";
    g_autofree char *gone = g_strconcat(tree, BACKING("loop0", "/gone/disk.img"), NULL);
    g_autofree char *below = g_strconcat(tree, BACKING("loop0", "/pool/sub2/disk.img"), NULL);

    places = mounted;
    expect_plan(gone, "/,/mnt /pool");
    /* A subvolume that is not mounted itself: only the path remains. */
    places = nested;
    expect_plan(below, "/,/mnt /pool");
    places = NULL;
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

/* btrfs is known by the device that it is mounted from, but is on all of its devices. */
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

/* ---- filesystems that cannot be ordered use mount order, one by one */

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

/* Without sysfs the graph is unknown. */
static void test_no_sysfs(void)
{
    expect_plan(MOUNTINFO ROOT_MOUNT "| 21 20 254:1 / /a rw - ext4 /dev/vdb rw\n",
                "/a / (fallback)");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/freeze/plan/independent -> one level", test_plain);
    g_test_add_func("/freeze/plan/loop/rider first", test_loop);
    g_test_add_func("/freeze/plan/loop/several mount points -> the longest", test_loop_longest);
    g_test_add_func("/freeze/plan/loop/loop in a loop -> three levels", test_loop_in_loop);
    g_test_add_func("/freeze/plan/loop/file on a bind mount -> its filesystem", test_loop_on_bind);
    g_test_add_func("/freeze/plan/loop/file of another namespace -> no order", test_loop_elsewhere);
    g_test_add_func("/freeze/plan/loop/file moved -> the kernel's answer", test_loop_moved);
    g_test_add_func("/freeze/plan/loop/file on btrfs -> by device number", test_loop_on_btrfs);
    g_test_add_func("/freeze/plan/loop/partition -> its disk's file", test_loop_partition);
    g_test_add_func("/freeze/plan/lvm", test_lvm);
    g_test_add_func("/freeze/plan/md", test_md);
    g_test_add_func("/freeze/plan/btrfs", test_btrfs);
    g_test_add_func("/freeze/plan/unreadable -> mount order", test_unreadable);
    g_test_add_func("/freeze/plan/cycle -> mount order", test_cycle);
    g_test_add_func("/freeze/plan/carries itself -> ignored", test_self);
    g_test_add_func("/freeze/plan/no sysfs -> mount order", test_no_sysfs);
    return g_test_run();
}
