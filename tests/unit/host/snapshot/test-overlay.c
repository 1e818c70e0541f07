/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/snapshot/snapshot.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <glib/gstdio.h>

/* Two disks over images in a directory, and the paths of their overlays. */
typedef struct {
    char *dir;
    Disk *disks[2];
    Overlay overlays[2];
    GPtrArray *list;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer unused)
{
    (void)unused;
    fixture->dir = g_dir_make_tmp("overlay-XXXXXX", NULL);
    fixture->list = g_ptr_array_new();
    for (gsize i = 0; i < G_N_ELEMENTS(fixture->disks); i++) {
        Disk *disk = fixture->disks[i] = disk_new();

        disk->name = g_strdup_printf("vd%c", (char)('a' + i));
        disk->path = g_strdup_printf("%s/%s.img", fixture->dir, disk->name);
        disk->format = g_strdup("raw");
        disk->size = 1 << 20;
        g_assert_true(g_file_set_contents(disk->path, "", 0, NULL));
        fixture->overlays[i].disk = disk;
        fixture->overlays[i].path = g_strdup_printf("%s/%s.qcow2", fixture->dir, disk->name);
        g_ptr_array_add(fixture->list, &fixture->overlays[i]);
    }
}

static void tear_down(Fixture *fixture, gconstpointer unused)
{
    (void)unused;
    for (gsize i = 0; i < G_N_ELEMENTS(fixture->disks); i++) {
        g_unlink(fixture->overlays[i].path);
        g_unlink(fixture->disks[i]->path);
        g_free(fixture->overlays[i].path);
        disk_free(fixture->disks[i]);
    }
    g_assert_cmpint(g_rmdir(fixture->dir), ==, 0);
    g_free(fixture->dir);
    g_ptr_array_unref(fixture->list);
}

static gboolean has_tool(void)
{
    g_autofree char *path = g_find_program_in_path("qemu-img");

    if (!path)
        g_test_skip("qemu-img is needed");
    return path != NULL;
}

static gboolean is_there(const Overlay *overlay)
{
    return g_file_test(overlay->path, G_FILE_TEST_EXISTS);
}

static void test_mode(Fixture *fixture, gconstpointer unused)
{
    GStatBuf info;

    (void)unused;
    if (!has_tool())
        return;
    g_assert_cmpint(g_chmod(fixture->disks[0]->path, 0666), ==, 0);
    g_assert_cmpint(g_chmod(fixture->disks[1]->path, 0440), ==, 0);
    g_assert_true(overlays_create(fixture->list, -1, NULL));
    g_assert_null(overlays_kept(fixture->list));
    g_assert_cmpint(g_stat(fixture->overlays[0].path, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0666);
    g_assert_cmpint(g_stat(fixture->overlays[1].path, &info), ==, 0);
    g_assert_cmpuint(info.st_mode & 07777, ==, 0440);
    overlays_remove(fixture->list);
    g_assert_false(is_there(&fixture->overlays[0]) || is_there(&fixture->overlays[1]));
}

/* As another guestctl creates it between the plan and the snapshot. */
static void test_exists(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    (void)unused;
    if (!has_tool())
        return;
    g_assert_true(g_file_set_contents(fixture->overlays[1].path, "another's", -1, NULL));
    g_assert_false(overlays_create(fixture->list, -1, &error));
    g_assert_nonnull(strstr(error->message, "File exists"));
    g_assert_false(is_there(&fixture->overlays[0]));
    g_assert_true(g_file_get_contents(fixture->overlays[1].path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "another's");
}

static void test_link(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    (void)unused;
    g_assert_cmpint(symlink(fixture->disks[1]->path, fixture->overlays[0].path), ==, 0);
    g_assert_false(overlays_create(fixture->list, -1, &error));
    g_assert_true(g_file_test(fixture->overlays[0].path, G_FILE_TEST_IS_SYMLINK));
}

static void test_replaced(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *aside = g_build_filename(fixture->dir, "aside", NULL);

    (void)unused;
    if (!has_tool())
        return;
    g_assert_true(overlays_create(fixture->list, -1, NULL));
    g_assert_cmpint(g_rename(fixture->overlays[0].path, aside), ==, 0);
    g_assert_true(g_file_set_contents(fixture->overlays[0].path, "another's", -1, NULL));
    overlays_remove(fixture->list);
    g_assert_true(is_there(&fixture->overlays[0]));
    g_assert_false(is_there(&fixture->overlays[1]));
    g_unlink(aside);
}

static void test_no_size(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;

    (void)unused;
    fixture->disks[1]->size = 0;
    if (!has_tool())
        return;
    g_assert_false(overlays_create(fixture->list, -1, &error));
    g_assert_nonnull(strstr(error->message, "disk vdb: its size is not known"));
    g_assert_false(is_there(&fixture->overlays[0]) || is_there(&fixture->overlays[1]));
}

static void add(const char *path, void (*test)(Fixture *, gconstpointer))
{
    g_test_add(path, Fixture, NULL, set_up, test, tear_down);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    add("/host/overlay/image with a mode -> the overlay has the same", test_mode);
    add("/host/overlay/file exists -> refused, the file stays, no other is left", test_exists);
    add("/host/overlay/symbolic link exists -> refused", test_link);
    add("/host/overlay/file replaced meanwhile -> not removed", test_replaced);
    add("/host/overlay/size not known -> refused, nothing is left", test_no_size);
    return g_test_run();
}
