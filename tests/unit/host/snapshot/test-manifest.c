/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/snapshot/snapshot.h"

#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "tests/unit/host/vm/played/vm.h"

/* A VM with two disks, whose images and overlays lie in a directory. */
typedef struct {
    char *dir;
    Context context;
    Vm *vm;
    GPtrArray *disks;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer unused)
{
    static const char *const names[] = { "vda", "vdb" };

    (void)unused;
    fixture->dir = g_dir_make_tmp("manifest-XXXXXX", NULL);
    fixture->context = (Context){ .timeout_ms = 1000, .cancel_fd = -1 };
    fixture->vm = vm_new(&played_backend, "sockets/vm 1", &fixture->context, NULL);
    fixture->disks = disks_new();
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
        Disk *disk = disk_new();

        disk->name = g_strdup(names[i]);
        disk->path = g_strdup_printf("%s/%s.img", fixture->dir, names[i]);
        disk->format = g_strdup("qcow2");
        g_ptr_array_add(fixture->disks, disk);
    }
}

static void tear_down(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GDir) dir = g_dir_open(fixture->dir, 0, NULL);
    const char *name;

    (void)unused;
    while ((name = g_dir_read_name(dir))) {
        g_autofree char *path = g_build_filename(fixture->dir, name, NULL);

        g_unlink(path);
    }
    g_rmdir(fixture->dir);
    g_free(fixture->dir);
    g_ptr_array_unref(fixture->disks);
    vm_free(fixture->vm);
}

static void touch(const char *path, const char *text)
{
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void test_plan(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) overlays = snapshot_plan(fixture->vm, fixture->disks, NULL, "T", &error);
    const Overlay *first = overlays->pdata[0];
    g_autofree char *wanted = g_strdup_printf("%s/vm_1~1efb42f2-vda-T.qcow2", fixture->dir);

    (void)unused;
    g_assert_no_error(error);
    g_assert_cmpuint(overlays->len, ==, 2);
    g_assert_cmpstr(first->path, ==, wanted);
    g_assert_true(first->disk == fixture->disks->pdata[0]);

    touch(wanted, "");
    g_assert_null(snapshot_plan(fixture->vm, fixture->disks, NULL, "T", &error));
    g_assert_nonnull(strstr(error->message, "exists already"));
}

/* Disks whose names differ only in what a file's name cannot have, and two with one name. */
static void test_plan_same(Fixture *fixture, gconstpointer unused)
{
    Disk *first = fixture->disks->pdata[0], *second = fixture->disks->pdata[1];
    g_autoptr(GPtrArray) overlays = NULL;
    g_autoptr(GError) error = NULL;

    (void)unused;
    g_free(first->name);
    g_free(second->name);
    first->name = g_strdup("a/b");
    second->name = g_strdup("a_b");
    overlays = snapshot_plan(fixture->vm, fixture->disks, NULL, "T", &error);
    g_assert_no_error(error);
    g_assert_nonnull(overlays);
    g_free(first->name);
    first->name = g_strdup("a_b");
    g_assert_null(snapshot_plan(fixture->vm, fixture->disks, NULL, "T", &error));
    g_assert_nonnull(strstr(error->message, "two disks would have the same overlay"));
}

static void test_stamp(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *name = manifest_name(fixture->vm, "T");
    g_autofree char *manifest = g_build_filename(fixture->dir, name, NULL);
    g_autofree char *link = g_strdup_printf("%s/vm_1~1efb42f2-vdb-U.qcow2", fixture->dir);

    (void)unused;
    g_assert_cmpstr(name, ==, "vm_1~1efb42f2-T.snapshot.json");
    g_assert_true(snapshot_stamp_is_free(fixture->vm, fixture->disks, NULL, "T"));
    touch(manifest, "");
    g_assert_false(snapshot_stamp_is_free(fixture->vm, fixture->disks, NULL, "T"));
    g_assert_true(snapshot_stamp_is_free(fixture->vm, fixture->disks, NULL, "U"));
    g_assert_cmpint(symlink("nowhere", link), ==, 0);
    g_assert_false(snapshot_stamp_is_free(fixture->vm, fixture->disks, NULL, "U"));
    g_assert_true(snapshot_stamp_is_free(fixture->vm, fixture->disks, "/nonexistent", "U"));
}

/* From the plan to the last overlay's commit. */
static void test_life(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GPtrArray) overlays = snapshot_plan(fixture->vm, fixture->disks, NULL, "T", NULL);
    const char *first = ((const Overlay *)overlays->pdata[0])->path;
    const char *second = ((const Overlay *)overlays->pdata[1])->path;
    g_autoptr(JsonNode) manifest = manifest_new(fixture->vm, overlays, 0, NULL, NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    g_autofree char *text = NULL;

    (void)unused;
    g_assert_true(manifest_write(manifest, "m.snapshot.json", TRUE, &error));
    g_assert_no_error(error);
    path = manifest_find(second);
    g_assert_true(g_str_has_suffix(path, "/m.snapshot.json"));
    g_assert_null(manifest_find("/nonexistent/x.qcow2"));
    g_assert_true(manifest_spoil(path, NULL));
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_nonnull(strstr(text, "a commit was started"));

    touch(first, "");
    manifest_drop_if_done(path);
    g_assert_true(g_file_test(path, G_FILE_TEST_EXISTS));
    g_unlink(first);
    manifest_drop_if_done(path);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
}

/* A manifest that another guestctl wrote meanwhile is not replaced, and nothing else is left. */
static void test_fresh(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GPtrArray) overlays = snapshot_plan(fixture->vm, fixture->disks, NULL, "T", NULL);
    g_autoptr(JsonNode) manifest = manifest_new(fixture->vm, overlays, 0, NULL, NULL);
    g_autofree char *path = g_build_filename(fixture->dir, "m.snapshot.json", NULL);
    g_autoptr(GDir) dir = NULL;
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    guint n = 0;

    (void)unused;
    touch(path, "another");
    g_assert_false(manifest_write(manifest, "m.snapshot.json", TRUE, &error));
    g_assert_error(error, G_FILE_ERROR, G_FILE_ERROR_EXIST);
    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, "another");
    dir = g_dir_open(fixture->dir, 0, NULL);
    while (g_dir_read_name(dir))
        n++;
    g_assert_cmpuint(n, ==, 1);
    g_assert_true(manifest_write(manifest, "m.snapshot.json", FALSE, NULL));
}

/* Files that look like manifests and are not. */
static void test_foreign(Fixture *fixture, gconstpointer unused)
{
    static const char *const texts[] = {
        "", "{", "[]", "{\"format\": \"guestctl-snapshot-2\"}", "{\"format\": 1}",
        "{\"format\": \"guestctl-snapshot-1\"}",
        "{\"format\": \"guestctl-snapshot-1\", \"disks\": {}}",
        "{\"format\": \"guestctl-snapshot-1\", \"disks\": [1, {}, {\"overlay\": 2}]}",
    };
    g_autofree char *path = g_build_filename(fixture->dir, "m.snapshot.json", NULL);
    g_autofree char *overlay = g_build_filename(fixture->dir, "x.qcow2", NULL);

    (void)unused;
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        touch(path, texts[i]);
        g_assert_null(manifest_find(overlay));
    }
    touch(path, "[]");
    g_assert_false(manifest_spoil(path, NULL));
}

#define ADD(path, function) \
    g_test_add("/manifest/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("plan", test_plan);
    ADD("plan-same", test_plan_same);
    ADD("stamp", test_stamp);
    ADD("life", test_life);
    ADD("fresh", test_fresh);
    ADD("foreign", test_foreign);
    return g_test_run();
}
