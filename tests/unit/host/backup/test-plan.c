/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/backup.h"

#include <string.h>

#include <glib/gstdio.h>

/* The plan of a backup: its level and why, its files, and what the backend gets to copy. */

typedef struct {
    char *dir;
    Context context;
    Reporter reporter;
    Vm *vm;
} Fixture;

/* What the disk of the test's backend is like. */
typedef struct {
    const char *name, *format, *bitmap;
    gint64 size;
    gboolean usable, halted;
    const char *tag;   /* NULL: none */
    const char *image; /* NULL: "/a.img" */
    const char *serial, *twin;
    gboolean shared;
} Sample;

static GPtrArray *sample_disks(Vm *vm, guint details, const Deadline *deadline, GError **error)
{
    const Sample *sample = vm->data;
    GPtrArray *disks = disks_new();
    Disk *disk = disk_new(), *fixed = disk_new();

    (void)deadline;
    (void)error;
    g_assert_cmpuint(details, ==, DISK_SIZES | DISK_BITMAPS);
    disk->name = g_strdup(sample->name);
    disk->format = g_strdup(sample->format);
    disk->size = sample->size;
    disk->allocated = 4096;
    disk->image = g_strdup(sample->image ? sample->image : "/a.img");
    disk->serial = g_strdup(sample->serial);
    disk->twin = g_strdup(sample->twin);
    disk->shared = sample->shared;
    if (sample->bitmap)
        disk_add_bitmap(disk, sample->bitmap, 512, sample->usable);
    if (sample->tag)
        disk_add_bitmap(disk, sample->tag, 512, TRUE);
    g_ptr_array_add(disks, disk);
    fixed->name = g_strdup("cd");
    fixed->read_only = TRUE;
    g_ptr_array_add(disks, fixed);
    return disks;
}

static gboolean sample_halted(Vm *vm, gboolean *halted, const Deadline *deadline, GError **error)
{
    (void)deadline;
    (void)error;
    *halted = ((const Sample *)vm->data)->halted;
    return TRUE;
}

static void sample_free(Vm *vm)
{
    (void)vm;
}

static const BackupOps sample_backup = { .compresses = TRUE };
static const BackupOps own_backup = { .own_bitmaps = TRUE };
static const Backend sample_backend = { .name = "sample", .disks = sample_disks,
                                        .halted = sample_halted, .backup = &sample_backup,
                                        .free = sample_free };

static const Backend own_backend = { .name = "own", .disks = sample_disks,
                                     .halted = sample_halted, .backup = &own_backup,
                                     .free = sample_free };

static void set_up(Fixture *fixture, gconstpointer unused)
{
    (void)unused;
    fixture->dir = g_dir_make_tmp("plan-XXXXXX", NULL);
    fixture->context = (Context){ .timeout_ms = 1000, .cancel_fd = -1 };
    fixture->reporter = (Reporter){ .quiet = TRUE };
    fixture->vm = vm_new(&sample_backend, "vm1", &fixture->context, NULL);
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
    vm_free(fixture->vm);
}

static Backup *backup_of(Fixture *fixture, const Sample *sample)
{
    Chain *chain = chain_open(fixture->dir, "vm1", CHAIN_MAKE, NULL);

    fixture->vm->data = (gpointer)sample;
    return backup_new(fixture->vm, &fixture->reporter, chain, NULL);
}

/*
 * A backup of vda with 1 MiB, as an earlier run has left it. Returns its bitmap, and its @tag; both
 * the caller's.
 */
static char *earlier(Fixture *fixture, char **tag)
{
    static const Sample sample = { .name = "vda", .format = "qcow2", .size = 1 << 20,
                                   .serial = "S1" };
    g_autoptr(Backup) backup = backup_of(fixture, &sample);
    g_autofree char *path = NULL;
    ChainDisk *disk;

    g_assert_true(backup_plan(backup, LEVEL_AUTO, NULL));
    disk = chain_point_disk(backup->point, "vda");
    path = chain_path(backup->chain, disk->file);
    g_assert_true(g_file_set_contents(path, "data", 4, NULL));
    disk->size = 4;
    disk->digests = g_strdup("0");
    *tag = g_strdup(disk->tag);
    g_assert_true(chain_commit(backup->chain, backup->point, NULL));
    return backup_bitmap(backup, backup->point, disk);
}

static const ChainDisk *planned(const Backup *backup)
{
    return backup->point->disks->pdata[0];
}

static void test_full(Fixture *fixture, gconstpointer unused)
{
    static const Sample sample = { .name = "v/da", .format = "raw", .size = 1 << 20,
                                   .halted = TRUE };
    g_autoptr(Backup) backup = backup_of(fixture, &sample);
    g_autoptr(GError) error = NULL;

    (void)unused;
    backup->rate = 5;
    g_assert_true(backup_plan(backup, LEVEL_AUTO, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(chain_point_level(backup->point), ==, "full");
    g_assert_null(planned(backup)->parent);
    g_assert_null(planned(backup)->reason);
    g_assert_cmpint(backup_bytes(backup), ==, 4096);
    g_assert_cmpint(backup_room(backup, 0), >, 4096 + (1 << 20));
    /* What the backend gets. */
    g_assert_cmpuint(backup->copy.disks->len, ==, 1);
    g_assert_true(g_str_has_prefix(backup->copy.files[0], fixture->dir));
    g_assert_true(g_str_has_suffix(backup->copy.files[0], "-0-da~4e9a7a36.qcow2" CHAIN_PARTIAL));
    g_assert_null(backup->copy.files[1]);
    g_assert_true(g_str_has_prefix(backup->copy.point, backup->copy.prefix));
    g_assert_null(backup->copy.bitmaps[0]); /* a raw image keeps none */
    g_assert_null(backup->copy.parents[0]);
    g_assert_cmpint(backup->copy.rate, ==, 5);
    g_assert_true(backup->copy.was_halted);
}

static void test_incremental(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *tag = NULL;
    g_autofree char *bitmap = earlier(fixture, &tag);
    const Sample sample = { .name = "vda", .format = "qcow2", .size = 1 << 20, .bitmap = bitmap,
                            .usable = TRUE, .tag = tag };
    g_autoptr(Backup) backup = backup_of(fixture, &sample);
    g_autoptr(GError) error = NULL;

    (void)unused;
    g_assert_true(backup_plan(backup, LEVEL_AUTO, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(chain_point_level(backup->point), ==, "incremental");
    g_assert_cmpstr(backup->point->parent, ==, chain_newest(backup->chain)->id);
    g_assert_cmpstr(planned(backup)->parent, ==, backup->point->parent);
    g_assert_cmpstr(backup->copy.parents[0], ==, bitmap);
    g_assert_cmpstr(backup->copy.bitmaps[0], !=, bitmap);
    g_assert_cmpstr(planned(backup)->tag, ==, tag);
    g_assert_null(backup->copy.tags[0]); /* it has that already */
    g_assert_cmpint(backup_bytes(backup), ==, 512);
}

/* Why an incremental backup is not possible: auto makes a full one, and says so. */
static void test_reasons(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *tag = NULL;
    g_autofree char *bitmap = earlier(fixture, &tag);
    const struct {
        Sample sample;
        const char *reason;
    } rows[] = {
        { { "vda", "qcow2", NULL, 1 << 20, TRUE, .tag = tag }, "disk vda has no bitmap" },
        { { "vda", "raw", NULL, 1 << 20, TRUE }, "its format keeps none" },
        { { "vda", "qcow2", bitmap, 1 << 20, FALSE, .tag = tag }, "is not reliable" },
        { { "vda", "qcow2", bitmap, 2 << 20, TRUE, .tag = tag }, "disk vda has another size" },
        { { "vdb", "qcow2", bitmap, 1 << 20, TRUE, .tag = tag }, "disk vdb is new" },
        { { "vda", "qcow2", bitmap, 1 << 20, TRUE, .image = "/b.img" },
          "disk vda has another image than at the last backup: /b.img instead of /a.img" },
        { { "vda", "qcow2", bitmap, 1 << 20, TRUE, .tag = "another-disk's" },
          "disk vda has no bitmap of the last backup; its image was replaced" },
        { { "vda", "qcow2", bitmap, 1 << 20, TRUE, .tag = tag, .serial = "S2" },
          "disk vda has the serial S2 instead of S1" },
        { { "vda", "qcow2", bitmap, 1 << 20, TRUE, .tag = tag, .twin = "vdb" },
          "disks vda and vdb have the same image" },
        { { "vda", "qcow2", bitmap, 1 << 20, TRUE, .tag = tag, .shared = TRUE },
          "other VMs may write to the image of disk vda" },
    };

    (void)unused;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;

        {
            g_autoptr(Backup) automatic = backup_of(fixture, &rows[i].sample);

            g_assert_true(backup_plan(automatic, LEVEL_AUTO, NULL));
            g_assert_nonnull(strstr(planned(automatic)->reason, rows[i].reason));
            g_assert_null(automatic->copy.parents[0]);
        }
        {
            g_autoptr(Backup) wanted = backup_of(fixture, &rows[i].sample);

            g_assert_false(backup_plan(wanted, LEVEL_INCREMENTAL, &error));
            g_assert_nonnull(strstr(error->message, rows[i].reason));
        }
    }
}

static void test_full_level(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *tag = NULL;
    g_autofree char *bitmap = earlier(fixture, &tag);
    const Sample sample = { .name = "vda", .format = "qcow2", .size = 1 << 20, .bitmap = bitmap,
                            .usable = TRUE, .tag = tag };
    g_autoptr(Backup) backup = backup_of(fixture, &sample);

    (void)unused;
    g_assert_true(backup_plan(backup, LEVEL_FULL, NULL));
    g_assert_null(planned(backup)->parent);
    g_assert_null(planned(backup)->reason);
    ((Disk *)backup->disks->pdata[0])->allocated = G_MAXINT64 / 4;
    g_assert_cmpint(backup_room(backup, 0), >, G_MAXINT64 / 4);
}

/* Where each disk's bitmap has a name of its own, it moves with its image. */
static void test_moved_image(Fixture *fixture, gconstpointer unused)
{
    g_autofree char *tag = NULL;
    g_autofree char *bitmap = NULL;
    Sample sample = { .name = "vda", .format = "qcow2", .size = 1 << 20, .usable = TRUE,
                      .image = "/elsewhere.img" };
    g_autoptr(Backup) backup = NULL;
    g_autoptr(GError) error = NULL;

    (void)unused;
    fixture->vm->backend = &own_backend;
    bitmap = earlier(fixture, &tag);
    g_assert_null(tag);
    sample.bitmap = bitmap;
    backup = backup_of(fixture, &sample);
    g_assert_true(backup_plan(backup, LEVEL_INCREMENTAL, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(backup->copy.parents[0], ==, bitmap);
}

/* What may be written to behind the back of its node gets no bitmap. */
static void test_other_writers(Fixture *fixture, gconstpointer unused)
{
    static const Sample samples[] = {
        { .name = "vda", .format = "qcow2", .size = 1 << 20, .twin = "vdb" },
        { .name = "vda", .format = "qcow2", .size = 1 << 20, .shared = TRUE },
    };

    (void)unused;
    for (gsize i = 0; i < G_N_ELEMENTS(samples); i++) {
        g_autoptr(Backup) backup = backup_of(fixture, &samples[i]);

        g_assert_true(backup_plan(backup, LEVEL_AUTO, NULL));
        g_assert_null(backup->copy.bitmaps[0]);
    }
}

#define ADD(path, function) g_test_add("/plan/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("full", test_full);
    ADD("incremental", test_incremental);
    ADD("reasons", test_reasons);
    ADD("full-asked-for", test_full_level);
    ADD("image-moved-with-a-bitmap-of-its-own", test_moved_image);
    ADD("image-with-other-writers", test_other_writers);
    return g_test_run();
}
