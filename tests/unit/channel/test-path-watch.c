/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <fcntl.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "channel/path-watch.h"
#include "tests/unit/kit/kit.h"

/* When it is worth trying a path again. */

typedef struct {
    char *dir;
    char *path;
    PathWatch *watch;
    guint calls;
    gboolean free_in_call;
} Fixture;

static void on_changed(gpointer data)
{
    Fixture *f = data;

    f->calls++;
    if (f->free_in_call)
        g_clear_pointer(&f->watch, path_watch_free);
}

static void set_up(Fixture *f, gconstpointer below)
{
    f->dir = kit_make_directory();
    f->path = g_build_filename(f->dir, below, NULL);
    f->watch = path_watch_new(f->path, on_changed, f);
}

static void tear_down(Fixture *f, gconstpointer below)
{
    (void)below;
    path_watch_free(f->watch);
    g_free(f->path);
    kit_remove_tree(f->dir);
}

static void touch(const char *path)
{
    close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

static void test_created(Fixture *f, gconstpointer below)
{
    (void)below;
    kit_run_ready();
    g_assert_cmpuint(f->calls, ==, 0);
    touch(f->path);
    WAIT_UNTIL(f->calls > 0);
}

/* Anybody makes files beside it, and above. */
static void test_others(Fixture *f, gconstpointer below)
{
    g_autofree char *name = g_path_get_basename(below);
    g_autofree char *outer = g_path_get_dirname(f->path);
    g_autofree char *beside = g_strconcat(f->path, "r", NULL);
    g_autofree char *above = g_build_filename(f->dir, name, NULL);

    g_assert_cmpint(g_mkdir(outer, 0700), ==, 0);
    WAIT_UNTIL(f->calls > 0);
    kit_run_ready();
    f->calls = 0;
    touch(above);
    touch(beside);
    kit_run_ready();
    g_assert_cmpuint(f->calls, ==, 0);
    touch(f->path);
    WAIT_UNTIL(f->calls > 0);
}

/* The device that a link is to comes back under its own name. */
static void test_link(Fixture *f, gconstpointer below)
{
    g_autofree char *target = g_build_filename(f->dir, "target", NULL);

    (void)below;
    g_assert_cmpint(symlink("target", f->path), ==, 0);
    WAIT_UNTIL(f->calls > 0);
    kit_run_ready();
    f->calls = 0;
    touch(target);
    WAIT_UNTIL(f->calls > 0);
}

static void test_moved_here(Fixture *f, gconstpointer below)
{
    g_autofree char *other = g_build_filename(f->dir, "other", NULL);

    (void)below;
    touch(other);
    g_assert_cmpint(g_rename(other, f->path), ==, 0);
    WAIT_UNTIL(f->calls > 0);
}

/* Permission may be all that was missing. */
static void test_changed_mode(Fixture *f, gconstpointer below)
{
    guint calls;

    (void)below;
    touch(f->path);
    WAIT_UNTIL(f->calls > 0);
    kit_run_ready();
    calls = f->calls;
    g_assert_cmpint(g_chmod(f->path, 0644), ==, 0);
    WAIT_UNTIL(f->calls > calls);
}

/* The directories on the way appear one after the other. */
static void test_deep(Fixture *f, gconstpointer below)
{
    g_autofree char *inner = g_path_get_dirname(f->path);
    g_autofree char *outer = g_path_get_dirname(inner);
    guint calls;

    (void)below;
    g_assert_cmpint(g_mkdir(outer, 0700), ==, 0);
    WAIT_UNTIL(f->calls > 0);
    kit_run_ready();
    calls = f->calls;
    g_assert_cmpint(g_mkdir(inner, 0700), ==, 0);
    WAIT_UNTIL(f->calls > calls);
    kit_run_ready();
    calls = f->calls;
    touch(f->path);
    WAIT_UNTIL(f->calls > calls);
}

static void test_closed(Fixture *f, gconstpointer below)
{
    guint calls;
    int fd;

    (void)below;
    touch(f->path);
    fd = open(f->path, O_RDONLY | O_CLOEXEC);
    WAIT_UNTIL(f->calls > 0);
    kit_run_ready();
    calls = f->calls;
    path_watch_closes(f->watch);
    kit_run_ready();
    g_assert_cmpuint(f->calls, ==, calls);
    close(fd);
    WAIT_UNTIL(f->calls > calls);
}

static void test_freed_in_call(Fixture *f, gconstpointer below)
{
    (void)below;
    f->free_in_call = TRUE;
    touch(f->path);
    WAIT_UNTIL(f->calls > 0);
    kit_run_ready();
    g_assert_cmpuint(f->calls, ==, 1);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        const char *below;
        void (*func)(Fixture *f, gconstpointer below);
    } tests[] = {
        { "/path-watch/created", "file", test_created },
        { "/path-watch/others", "outer/file", test_others },
        { "/path-watch/link", "file", test_link },
        { "/path-watch/moved-here", "file", test_moved_here },
        { "/path-watch/changed-mode", "file", test_changed_mode },
        { "/path-watch/deep", "outer/inner/file", test_deep },
        { "/path-watch/closed", "file", test_closed },
        { "/path-watch/freed-in-call", "file", test_freed_in_call },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, tests[i].below, set_up, tests[i].func, tear_down);
    return g_test_run();
}
