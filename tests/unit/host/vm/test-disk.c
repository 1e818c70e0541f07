/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/disk.h"

#include <string.h>

static void test_name(void)
{
    static const struct {
        const char *drive, *qdev, *node, *name;
    } rows[] = {
        { "virtio0", "/machine/peripheral/vd0/virtio-backend", "#block1", "virtio0" },
        { "", "/machine/peripheral/vd0/virtio-backend", "#block1", "vd0" },
        { NULL, "vd0", "n", "vd0" },
        { "", "/machine/peripheral-anon/device[0]/virtio-backend", "d0", "d0" },
        { "", "/machine/system.flash1", "vars", "vars" },
        { NULL, NULL, "n", "n" },
        { "", "", "gs6502f0a000-d0", "d0" },
        /* Not names of overlays' nodes. */
        { "", "", "gs6502f0a00-d0", "gs6502f0a00-d0" },
        { "", "", "gs6502f0a00g-d0", "gs6502f0a00g-d0" },
        { "", "", "gs6502f0a000-", "gs6502f0a000-" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = disk_name(rows[i].drive, rows[i].qdev, rows[i].node);

        g_assert_cmpstr(name, ==, rows[i].name);
    }
}

/* A snapshot changes the node, and leaves the name of a disk without an id. */
static void test_overlay_node(void)
{
    static const char *const names[] = { "d0", "a", "eighteen_characters" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *node = disk_overlay_node(names[i], 1700000000, (guint)i);
        g_autofree char *again = disk_name(NULL, NULL, node);

        g_assert_cmpuint(strlen(node), <=, 31);
        g_assert_true(g_str_has_prefix(names[i], again));
        g_assert_cmpuint(strlen(again), ==, MIN(strlen(names[i]), 18));
    }
}

static Disk *add(GPtrArray *disks, const char *name)
{
    Disk *disk = disk_new();

    disk->name = g_strdup(name);
    g_ptr_array_add(disks, disk);
    return disk;
}

static void test_list(void)
{
    g_autoptr(GPtrArray) disks = disks_new();
    g_autofree char *none = disks_names(disks);
    g_autofree char *all = NULL;
    g_autofree char *some = NULL;

    g_assert_cmpstr(none, ==, "none");
    add(disks, "a");
    add(disks, "cd")->read_only = TRUE;
    add(disks, "vars")->firmware = TRUE;
    g_assert_cmpstr(disks_find(disks, "cd")->name, ==, "cd");
    g_assert_null(disks_find(disks, "c"));
    disks_keep_writable(disks, TRUE);
    all = disks_names(disks);
    g_assert_cmpstr(all, ==, "a, vars");
    disks_keep_writable(disks, FALSE);
    some = disks_names(disks);
    g_assert_cmpstr(some, ==, "a");
}

static void test_bitmaps(void)
{
    g_autoptr(Disk) disk = disk_new();

    disk->format = g_strdup("qcow2");
    g_assert_true(disk_keeps_bitmaps(disk));
    g_assert_null(disk_bitmap(disk, "b"));
    disk_add_bitmap(disk, "b", 4096, TRUE);
    disk_add_bitmap(disk, "broken", 0, FALSE);
    g_assert_cmpint(disk_bitmap(disk, "b")->bytes, ==, 4096);
    g_assert_true(disk_bitmap(disk, "b")->usable);
    g_assert_false(disk_bitmap(disk, "broken")->usable);
    g_free(disk->format);
    disk->format = g_strdup("raw");
    g_assert_false(disk_keeps_bitmaps(disk));
    g_clear_pointer(&disk->format, g_free);
    g_assert_false(disk_keeps_bitmaps(disk));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/disk/name", test_name);
    g_test_add_func("/disk/overlay-node", test_overlay_node);
    g_test_add_func("/disk/list", test_list);
    g_test_add_func("/disk/bitmaps", test_bitmaps);
    return g_test_run();
}
