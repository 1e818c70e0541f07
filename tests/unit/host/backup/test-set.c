/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/set.h"

#include <string.h>

#include <glib/gstdio.h>

#include "host/backup/set-check.h"

typedef struct {
    char *dir;
} Fixture;

static void set_up(Fixture *fixture, gconstpointer unused)
{
    (void)unused;
    fixture->dir = g_dir_make_tmp("set-XXXXXX", NULL);
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
}

static void write_file(const Fixture *fixture, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(fixture->dir, name, NULL);

    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* A point with one file of 4 bytes. @parent NULL: a full backup. */
static void add_point(const Fixture *fixture, const char *id, const char *parent, int number)
{
    g_autofree char *base = parent ? g_strdup_printf("\"%s\"", parent) : g_strdup("null");
    g_autofree char *name = g_strconcat(id, ".json", NULL);
    g_autofree char *file = g_strdup_printf("%s-0-vda.qcow2", id);
    g_autofree char *text = g_strdup_printf(
        "{\"format\": \"guestctl-backup-1\", \"set\": \"0123abcd\", \"id\": \"%s\", "
        "\"parent\": %s, \"vm\": \"vm1\", \"number\": %d, \"time\": \"2026-01-02T03:04:05.678Z\", "
        "\"compressed\": true, \"consistency\": {\"label\": \"consistent\"}, \"disks\": "
        "[{\"name\": \"vda\", \"file\": \"%s\", \"virtual-size\": 1048576, \"size\": 4, "
        "\"sha256\": \"%064d\"}]}", id, base, number, file, 0);

    write_file(fixture, name, text);
    write_file(fixture, file, "data");
}

#define FULL "20260102T030405Z"
#define FIRST "20260103T030405Z"
#define SECOND "20260104T030405Z"

static Chain *open_set(const Fixture *fixture, GError **error)
{
    return chain_open(fixture->dir, NULL, CHAIN_LOOK, error);
}

static void test_read(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(Chain) chain = NULL;
    const ChainPoint *point;
    const ChainDisk *disk;

    (void)unused;
    /* Read in the order of the numbers, whatever the names are. */
    add_point(fixture, FIRST, NULL, 1);
    add_point(fixture, FULL, FIRST, 2);
    write_file(fixture, "other.json", "not a manifest");
    chain = open_set(fixture, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(chain->name, ==, "0123abcd");
    g_assert_cmpuint(chain->points->len, ==, 2);
    point = chain_newest(chain);
    g_assert_cmpstr(point->id, ==, FULL);
    g_assert_cmpstr(point->parent, ==, FIRST);
    g_assert_cmpstr(point->vm, ==, "vm1");
    g_assert_true(point->compressed);
    g_assert_cmpint(point->time, ==, G_GINT64_CONSTANT(1767323045678000));
    g_assert_cmpstr(chain_point_label(point), ==, "consistent");
    disk = chain_point_disk(point, "vda");
    g_assert_cmpint(disk->virtual_size, ==, 1048576);
    g_assert_cmpint(disk->size, ==, 4);
    g_assert_null(chain_point_disk(point, "vdb"));
    g_assert_null(chain_find(chain, SECOND));
}

/* A manifest is written by any program: what is not one stops everything, by name. */
static void test_damaged(Fixture *fixture, gconstpointer unused)
{
    static const char *const texts[] = {
        "", "{", "[]", "{}", "{\"format\": \"guestctl-backup-2\", \"id\": \"x\"}",
        "{\"format\": \"guestctl-backup-1\", \"id\": \"x\", \"disks\": []}",
        "{\"format\": \"guestctl-backup-1\", \"id\": \"../x\", \"disks\": [{\"name\": \"a\", "
        "\"sha256\": \"0\", \"file\": \"f\"}]}",
        "{\"format\": \"guestctl-backup-1\", \"id\": \"x\", \"disks\": [7]}",
        "{\"format\": \"guestctl-backup-1\", \"id\": \"x\", \"disks\": [{\"name\": \"a\", "
        "\"sha256\": \"0\"}]}",
        "{\"format\": \"guestctl-backup-1\", \"id\": \"x\", \"disks\": [{\"name\": \"a\", "
        "\"sha256\": \"0\", \"file\": \"/etc/passwd\"}]}",
        "{\"format\": \"guestctl-backup-1\", \"id\": \"x\", \"disks\": [{\"name\": \"a\", "
        "\"sha256\": \"0\", \"file\": \".hidden\"}]}",
    };

    (void)unused;
    add_point(fixture, FULL, NULL, 1);
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_autoptr(GError) error = NULL;

        write_file(fixture, FIRST ".json", texts[i]);
        g_assert_null(open_set(fixture, &error));
        g_assert_nonnull(strstr(error->message, FIRST ".json"));
    }
}

static void test_line(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(Chain) chain = NULL;
    g_autoptr(GPtrArray) line = NULL;
    g_autoptr(GPtrArray) reasons = NULL;
    g_autoptr(GError) error = NULL;

    (void)unused;
    add_point(fixture, FULL, NULL, 1);
    add_point(fixture, FIRST, FULL, 2);
    add_point(fixture, SECOND, NULL, 3);
    chain = open_set(fixture, NULL);
    line = chain_line(chain, chain_find(chain, FIRST), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(line->len, ==, 2);
    g_assert_cmpstr(((const ChainPoint *)line->pdata[0])->id, ==, FULL);
    reasons = chain_keep(chain, &(Retention){ .last = 1 }, &error);
    g_assert_cmpuint(reasons->len, ==, 3);
    g_assert_null(reasons->pdata[0]);
    g_assert_null(reasons->pdata[1]);
    g_assert_cmpstr(reasons->pdata[2], ==, "last");
    g_clear_pointer(&reasons, g_ptr_array_unref);
    reasons = chain_keep(chain, &(Retention){ .last = 2 }, &error);
    g_assert_cmpstr(reasons->pdata[0], ==, FIRST " depends on it");
    g_assert_cmpstr(reasons->pdata[1], ==, "last");
}

/* A gap, and a circle, which would have no end. */
static void test_broken_line(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(Chain) chain = NULL;
    g_autoptr(GError) gap = NULL;
    g_autoptr(GError) circle = NULL;

    (void)unused;
    add_point(fixture, FULL, "20200101T000000Z", 1);
    add_point(fixture, FIRST, SECOND, 2);
    add_point(fixture, SECOND, FIRST, 3);
    chain = open_set(fixture, NULL);
    g_assert_null(chain_line(chain, chain_find(chain, FULL), &gap));
    g_assert_nonnull(strstr(gap->message, "20200101T000000Z.json"));
    g_assert_null(chain_line(chain, chain_find(chain, SECOND), &circle));
    g_assert_null(chain_keep(chain, &(Retention){ .last = 1 }, NULL));
}

/* Each disk has a chain of its own: here vdb was new, or copied in full again. */
static void test_mixed(Fixture *fixture, gconstpointer unused)
{
#define DISK(name, parent) "{\"name\": \"" name "\", \"file\": \"" name "\", \"sha256\": \"0\", " \
                           "\"parent\": " parent ", \"bitmap\": \"b-" name "\", \"image\": " \
                           "\"/x\", \"image-id\": {\"device\": 1, \"inode\": 2, \"born\": 3}}"
#define POINT(id, parent, number, disks) \
    "{\"format\": \"guestctl-backup-2\", \"set\": \"0123abcd\", \"id\": \"" id "\", \"parent\": " \
    parent ", \"number\": " number ", \"disks\": [" disks "]}"
    static const ImageId wanted = { 1, 2, 3 };
    g_autoptr(Chain) chain = NULL;
    g_autoptr(GPtrArray) line = NULL;
    g_autoptr(GPtrArray) files = NULL;
    g_autoptr(GError) error = NULL;
    const ChainPoint *point;

    (void)unused;
    write_file(fixture, FULL ".json", POINT(FULL, "null", "1", DISK("vda", "null")));
    write_file(fixture, FIRST ".json",
               POINT(FIRST, "\"" FULL "\"", "2",
                     DISK("vda", "\"" FULL "\"") "," DISK("vdb", "null")));
    /* vda was left out, so its next parent is not the newest point. */
    write_file(fixture, SECOND ".json",
               POINT(SECOND, "\"" FIRST "\"", "3", DISK("vdb", "\"" FIRST "\"")));
    chain = open_set(fixture, &error);
    g_assert_no_error(error);
    point = chain_find(chain, FIRST);
    g_assert_cmpstr(chain_point_level(point), ==, "mixed");
    g_assert_cmpstr(chain_point_disk(point, "vda")->parent, ==, FULL);
    g_assert_null(chain_point_disk(point, "vdb")->parent);
    g_assert_cmpstr(chain_point_disk(point, "vdb")->bitmap, ==, "b-vdb");
    g_assert_true(image_id_equal(&chain_point_disk(point, "vdb")->id, &wanted));
    g_assert_cmpstr(chain_latest(chain, "vda")->id, ==, FIRST);
    g_assert_cmpstr(chain_latest(chain, "vdb")->id, ==, SECOND);
    g_assert_null(chain_latest(chain, "vdc"));
    line = chain_line(chain, chain_newest(chain), &error);
    g_assert_no_error(error);
    g_assert_cmpuint(line->len, ==, 3);
    g_assert_cmpstr(((const ChainPoint *)line->pdata[0])->id, ==, FULL);
    files = chain_files(chain, chain_newest(chain), "vdb", &error);
    g_assert_cmpuint(files->len, ==, 2);
    g_assert_null(chain_files(chain, chain_newest(chain), "vda", &error));
    g_assert_nonnull(strstr(error->message, "has no disk vda"));
#undef DISK
#undef POINT
}

static void test_files(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(Chain) chain = NULL;
    g_autoptr(GPtrArray) strays = NULL;
    g_autoptr(GError) error = NULL;

    (void)unused;
    add_point(fixture, FULL, NULL, 1);
    write_file(fixture, "20260101T000000Z-0-vda.qcow2", "");
    write_file(fixture, "mine.qcow2", "");
    chain = open_set(fixture, NULL);
    g_assert_true(chain_is_there(chain, chain_newest(chain), NULL));
    strays = chain_strays(chain);
    g_assert_cmpuint(strays->len, ==, 1);
    g_assert_cmpstr(strays->pdata[0], ==, "20260101T000000Z-0-vda.qcow2");
    /* As long as it was, but with another content. */
    g_assert_false(chain_check_file(chain, chain_newest(chain)->disks->pdata[0], -1, &error));
    g_assert_nonnull(strstr(error->message, "checksum"));
    write_file(fixture, FULL "-0-vda.qcow2", "longer");
    g_assert_false(chain_is_there(chain, chain_newest(chain), NULL));
}

static void test_at(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(Chain) chain = NULL;
    g_autoptr(GError) early = NULL;
    g_autoptr(GError) wrong = NULL;

    (void)unused;
    add_point(fixture, FULL, NULL, 1);
    chain = open_set(fixture, NULL);
    g_assert_nonnull(chain_at(chain, FULL, NULL));
    g_assert_nonnull(chain_at(chain, "2026-01-02T03:04:05Z", NULL));
    g_assert_null(chain_at(chain, "2026-01-02T03:04:04Z", &early));
    g_assert_null(chain_at(chain, "yesterday", &wrong));
}

/* One program at a time works on a set, and each VM has a directory of its own. */
static void test_use(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(Chain) first = NULL;
    g_autoptr(GError) busy = NULL;
    g_autoptr(GError) other = NULL;

    (void)unused;
    add_point(fixture, FULL, NULL, 1);
    first = chain_open(fixture->dir, "vm1", CHAIN_MAKE, NULL);
    g_assert_nonnull(first);
    g_assert_null(chain_open(fixture->dir, "vm1", CHAIN_WORK, &busy));
    g_assert_null(chain_open(fixture->dir, "vm2", CHAIN_PLAN, &other));
    g_assert_nonnull(strstr(other->message, "vm1"));
}

static void test_commit(Fixture *fixture, gconstpointer unused)
{
    g_autoptr(Chain) chain = chain_open(fixture->dir, "vm1", CHAIN_MAKE, NULL);
    g_autoptr(Chain) again = NULL;
    ChainPoint *point = chain_point_new(chain, "vm1");

    (void)unused;
    chain_point_add(point, "a/b")->digests = g_strdup("0");
    g_assert_true(g_str_has_suffix(chain_point_disk(point, "a/b")->file, "-0-b~c14cddc0.qcow2"));
    g_assert_true(chain_commit(chain, point, NULL));
    again = open_set(fixture, NULL);
    g_assert_cmpstr(chain_newest(again)->id, ==, point->id);
    g_assert_cmpstr(again->name, ==, chain->name);
    /* A second point within the second has an id of its own. */
    point = chain_point_new(chain, "vm1");
    g_assert_cmpstr(point->id, !=, chain_newest(chain)->id);
    g_assert_cmpint(point->number, ==, 2);
    chain_point_free(point);
}

#define ADD(path, function) g_test_add("/set/" path, Fixture, NULL, set_up, function, tear_down)

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    ADD("read", test_read);
    ADD("damaged", test_damaged);
    ADD("line", test_line);
    ADD("broken-line", test_broken_line);
    ADD("disks-with-chains-of-their-own", test_mixed);
    ADD("files", test_files);
    ADD("at", test_at);
    ADD("use", test_use);
    ADD("commit", test_commit);
    return g_test_run();
}
