/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "tests/unit/kit/freeze-case.h"
#include "tests/unit/kit/kit.h"

/* Freezing in order, and filesystems that cannot or must not be frozen. */

static void expect_log(const char *expected)
{
    g_autofree char *log = script_log();

    g_assert_cmpstr(log, ==, expected);
}

/* Level by level; each starts only when the previous one is frozen; the thaw in reverse. */
static void test_order(void)
{
    Case *c = case_new("/a/b/c /a/b /a");

    g_assert_cmpint(case_freeze(c), ==, 3);
    g_assert_cmpuint(script_count_frozen(), ==, 3);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 3);
    expect_log("freeze /a/b/c\nfreeze /a/b\nfreeze /a\nthaw /a\nthaw /a/b\nthaw /a/b/c\n");
    g_assert_cmpint(case_item(c, "/a")->state, ==, FREEZE_THAWED);
    g_assert_cmpuint(script_count_open(), ==, 0);
    case_free(c);
}

static gpointer freeze_in_thread(gpointer data)
{
    return GINT_TO_POINTER(case_freeze(data));
}

/* Those of one level at the same time, and the next level not before all are done. */
static void test_parallel(void)
{
    Case *c = case_new("/1,/2,/3 /carrier");
    GThread *thread;

    script_hang(SCRIPT_FREEZE, "/1");
    script_hang(SCRIPT_FREEZE, "/2");
    thread = g_thread_new("freezer", freeze_in_thread, c);
    script_await(SCRIPT_FREEZE, "/1", 1);
    script_await(SCRIPT_FREEZE, "/2", 1);
    script_await(SCRIPT_FREEZE, "/3", 1);
    script_release(SCRIPT_FREEZE, "/1");
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/carrier"), ==, 0);
    script_release(SCRIPT_FREEZE, "/2");
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(thread)), ==, 4);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 4);
    case_free(c);
}

/* More filesystems than threads. */
static void test_many(void)
{
    g_autoptr(GString) points = g_string_new("/0");
    Case *c;

    for (guint i = 1; i < 500; i++)
        g_string_append_printf(points, ",/%u", i);
    c = case_new(points->str);
    g_assert_cmpint(case_freeze(c), ==, 500);
    g_assert_cmpuint(script_count_frozen(), ==, 500);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 500);
    case_free(c);
}

/* A filesystem that another process froze is neither counted nor thawed. */
static void test_foreign(void)
{
    Case *c = case_new("/ours,/theirs");

    script_freeze_foreign("/theirs");
    g_assert_cmpint(case_freeze(c), ==, 1);
    g_assert_cmpint(case_item(c, "/theirs")->state, ==, FREEZE_FOREIGN);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 1);
    g_assert_true(script_is_frozen("/theirs"));
    g_assert_cmpuint(script_count(SCRIPT_THAW, "/theirs"), ==, 0);
    g_assert_cmpint(case_item(c, "/theirs")->state, ==, FREEZE_FOREIGN);
    g_assert_cmpint(freeze_engine_drain(c->engine, &c->mounts, &c->plan), ==, 1);
    case_free(c);
}

static void test_unsupported(void)
{
    Case *c = case_new("/rw,/pseudo,/odd");

    script_fail(SCRIPT_FREEZE, "/pseudo", EOPNOTSUPP);
    script_fail(SCRIPT_FREEZE, "/odd", ENOTTY);
    g_assert_cmpint(case_freeze(c), ==, 1);
    g_assert_cmpint(case_item(c, "/pseudo")->state, ==, FREEZE_UNSUPPORTED);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 1);
    g_assert_cmpuint(script_count(SCRIPT_THAW, "/pseudo"), ==, 0);
    case_free(c);
}

/* Missing, inaccessible or on a dead server: skipped with a log line. */
static void test_open_harmless(void)
{
    static const int harmless[] = { ENOENT, EACCES, ESTALE, ENOTCONN, EHOSTDOWN };
    Case *c = case_new("/0,/1,/2,/3,/4,/good");
    g_autofree char *log = NULL;

    g_free(kit_take_log());
    for (gsize i = 0; i < G_N_ELEMENTS(harmless); i++)
        script_fail(SCRIPT_OPEN, list_at(&c->mounts, Mount, i)->mount_point, harmless[i]);
    g_assert_cmpint(case_freeze(c), ==, 1);
    g_assert_cmpint(case_item(c, "/0")->state, ==, FREEZE_SKIPPED);
    g_assert_cmpint(case_item(c, "/0")->errnum, ==, ENOENT);
    log = kit_take_log();
    g_assert_nonnull(strstr(log, "freeze: skipping /0: No such file or directory\n"));
    g_assert_nonnull(strstr(log, "skipping /4: "));
    g_assert_null(strstr(log, "/good"));
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 1);
    case_free(c);
}

static Mount *mount_at(Case *c, gsize index)
{
    return list_at(&c->mounts, Mount, index);
}

static void add_point(Case *c, Mount *mount, const char *point)
{
    *(const char **)list_append(&mount->other_mount_points, c->arena, sizeof point) = point;
}

/* A filesystem that is mounted over a mount point is not frozen in its place. */
static void test_hidden(void)
{
    Case *c = case_new("/hidden,/good");
    g_autofree char *log = NULL;

    g_free(kit_take_log());
    script_place("/hidden", mount_at(c, 1)->device, 77);
    script_place("/good", mount_at(c, 1)->device, 78);
    g_assert_cmpint(case_freeze(c), ==, 1);
    g_assert_cmpint(case_item(c, "/hidden")->state, ==, FREEZE_SKIPPED);
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/hidden"), ==, 0);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, "freeze: skipping /hidden: another mount hides it\n");
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 1);
    case_free(c);
}

/* Another mount point of the filesystem may lead to it. */
static void test_hidden_but_reachable(void)
{
    Case *c = case_new("/hidden,/good");
    Mount *mount = mount_at(c, 0);

    add_point(c, mount, "/gone");
    add_point(c, mount, "/bind");
    script_place("/hidden", makedev(254, 9), 77);
    script_fail(SCRIPT_OPEN, "/gone", ENOENT);
    script_place("/bind", mount->device, 78);
    g_assert_cmpint(case_freeze(c), ==, 2);
    g_assert_cmpint(case_item(c, "/hidden")->state, ==, FREEZE_DONE);
    g_assert_true(script_is_frozen("/bind"));
    g_assert_false(script_is_frozen("/hidden"));
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 2);
    case_free(c);
}

/* Files on btrfs have another device number; its mounts are known by their ids. */
static void test_hidden_btrfs(void)
{
    Case *c = case_new("/sub,/hidden,/old-kernel");

    for (gsize i = 0; i < c->mounts.len; i++)
        mount_at(c, i)->type = "btrfs";
    *(int *)list_append(&mount_at(c, 0)->mount_ids, c->arena, sizeof(int)) = 30;
    *(int *)list_append(&mount_at(c, 0)->mount_ids, c->arena, sizeof(int)) = 31;
    *(int *)list_append(&mount_at(c, 1)->mount_ids, c->arena, sizeof(int)) = 32;
    script_place("/sub", makedev(0, 50), 31);
    script_place("/hidden", makedev(0, 51), 33);
    script_place("/old-kernel", makedev(0, 52), 0);
    g_assert_cmpint(case_freeze(c), ==, 2);
    g_assert_cmpint(case_item(c, "/hidden")->state, ==, FREEZE_SKIPPED);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 2);
    case_free(c);
}

/* The same for filesystems that an agent takes over. */
static void test_hidden_adopted(void)
{
    Case *c = case_new("/hidden,/good");

    script_freeze_foreign("/good");
    script_place("/hidden", makedev(254, 9), 77);
    freeze_engine_adopt(c->engine, &c->mounts, &c->plan);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 1);
    g_assert_cmpuint(script_count(SCRIPT_THAW, "/hidden"), ==, 0);
    case_free(c);
}

static void test_open_fails(void)
{
    Case *c = case_new("/a,/broken,/b");
    g_autoptr(GError) error = NULL;

    script_fail(SCRIPT_OPEN, "/broken", EIO);
    g_assert_false(freeze_engine_open(c->engine, &c->mounts, &c->plan, c->limits.until, &error));
    kit_expect_error(&error, "failed to open /broken: Input/output error");
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 0);
    expect_log("");
    case_free(c);
}

/* The third of five fails: those before it are thawed, those after it are not frozen. */
static void test_eio(void)
{
    Case *c = case_new("/1 /2 /3 /4 /5");
    g_autoptr(GError) error = NULL;

    script_fail(SCRIPT_FREEZE, "/3", EIO);
    case_open(c);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, -1);
    kit_expect_error(&error, "failed to freeze /3: Input/output error");
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 2);
    expect_log("freeze /1\nfreeze /2\nthaw /2\nthaw /1\n");
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/4"), ==, 0);
    case_free(c);
}

/* The same in parallel. */
static void test_eio_parallel(void)
{
    Case *c = case_new("/1,/2,/3,/4,/5");
    g_autoptr(GError) error = NULL;

    script_fail(SCRIPT_FREEZE, "/3", EIO);
    case_open(c);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, -1);
    kit_expect_error(&error, "failed to freeze /3: Input/output error");
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 4);
    g_assert_cmpuint(script_count_frozen(), ==, 0);
    case_free(c);
}

/* Frozen several times by any process: thawed until nothing is frozen, carriers first. */
static void test_drain(void)
{
    Case *c = case_new("/rider,/free /carrier");

    script_freeze_foreign("/rider");
    script_freeze_foreign("/carrier");
    g_assert_cmpint(freeze_engine_drain(c->engine, &c->mounts, &c->plan), ==, 2);
    expect_log("thaw /carrier\nthaw /rider\n");
    /* Until the kernel returns EINVAL. */
    g_assert_cmpuint(script_count(SCRIPT_THAW, "/rider"), ==, 2);
    g_assert_cmpuint(script_count(SCRIPT_THAW, "/free"), ==, 1);
    case_free(c);
}

/* Filesystems that an earlier process froze; some may have been thawed meanwhile. */
static void test_adopt(void)
{
    Case *c = case_new("/a,/b,/gone /carrier");

    g_free(kit_take_log());
    script_freeze_foreign("/a");
    script_freeze_foreign("/carrier");
    script_fail(SCRIPT_OPEN, "/gone", ENOENT);
    freeze_engine_adopt(c->engine, &c->mounts, &c->plan);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 2);
    expect_log("thaw /carrier\nthaw /a\n");
    case_free(c);
}

/* A thaw that fails is reported, and the others take place. */
static void test_thaw_fails(void)
{
    Case *c = case_new("/1,/2,/3");
    g_autofree char *log = NULL;

    g_assert_cmpint(case_freeze(c), ==, 3);
    script_fail(SCRIPT_THAW, "/2", EIO);
    g_free(kit_take_log());
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 2);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, "thaw of /2: Input/output error\n");
    script_fail(SCRIPT_THAW, "/2", 0);
    g_assert_cmpint(freeze_engine_drain(c->engine, &c->mounts, &c->plan), ==, 1);
    case_free(c);
}

/* One engine serves several freezes. */
static void test_again(void)
{
    Case *c = case_new("/rider /carrier");

    for (int i = 0; i < 50; i++) {
        g_assert_cmpint(case_freeze(c), ==, 2);
        g_assert_cmpuint(script_count_frozen(), ==, 2);
        g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 2);
        g_assert_cmpuint(script_count_frozen(), ==, 0);
    }
    case_free(c);
}

static void test_nothing(void)
{
    Case *c = case_new("/a");

    c->mounts.len = 0;
    c->plan.n_levels = 0;
    g_assert_cmpint(case_freeze(c), ==, 0);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 0);
    g_assert_cmpint(freeze_engine_drain(c->engine, &c->mounts, &c->plan), ==, 0);
    case_free(c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    g_test_add_func("/freeze/engine/order", test_order);
    g_test_add_func("/freeze/engine/parallel", test_parallel);
    g_test_add_func("/freeze/engine/more filesystems than threads -> batches", test_many);
    g_test_add_func("/freeze/engine/frozen by others -> left alone", test_foreign);
    g_test_add_func("/freeze/engine/unsupported -> not an error", test_unsupported);
    g_test_add_func("/freeze/engine/open/harmless reason -> skipped", test_open_harmless);
    g_test_add_func("/freeze/engine/open/hidden -> skipped", test_hidden);
    g_test_add_func("/freeze/engine/open/hidden, reachable elsewhere -> opened there",
                    test_hidden_but_reachable);
    g_test_add_func("/freeze/engine/open/hidden btrfs -> found by mount id", test_hidden_btrfs);
    g_test_add_func("/freeze/engine/open/hidden after a restart -> not thawed",
                    test_hidden_adopted);
    g_test_add_func("/freeze/engine/open/fails -> error", test_open_fails);
    g_test_add_func("/freeze/engine/third of five fails -> all thawed", test_eio);
    g_test_add_func("/freeze/engine/one of a level fails -> all thawed", test_eio_parallel);
    g_test_add_func("/freeze/engine/drain -> thawed as often as frozen", test_drain);
    g_test_add_func("/freeze/engine/adopt -> thawed", test_adopt);
    g_test_add_func("/freeze/engine/thaw fails -> the others are thawed", test_thaw_fails);
    g_test_add_func("/freeze/engine/second freeze -> new report", test_again);
    g_test_add_func("/freeze/engine/nothing to freeze -> 0", test_nothing);
    return g_test_run();
}
