/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/sysroot.h"
#include "agent/core/state-file.h"
#include "tests/unit/kit/kit.h"

/* Memory of a request, files of another root, the state that outlives the process. */

static void test_arena(void)
{
    g_autoptr(Arena) arena = arena_new();
    GPtrArray *blocks = g_ptr_array_new();

    for (gsize size = 0; size < 3000; size++) {
        guint8 *block = arena_alloc(arena, size);

        g_assert_nonnull(block);
        g_assert_cmpuint((gsize)block % G_ALIGNOF(long double), ==, 0);
        for (gsize i = 0; i < size; i++)
            g_assert_cmpuint(block[i], ==, 0);
        memset(block, (int)(size % 251), size);
        g_ptr_array_add(blocks, block);
    }
    for (gsize size = 0; size < blocks->len; size++)
        for (gsize i = 0; i < size; i++)
            g_assert_cmpuint(((guint8 *)blocks->pdata[size])[i], ==, size % 251);
    g_ptr_array_unref(blocks);
}

static void test_arena_large(void)
{
    g_autoptr(Arena) arena = arena_new();
    char *small = arena_strdup(arena, "small");
    char *large = arena_alloc(arena, 10 * 1024 * 1024);
    char *after = arena_strndup(arena, "after all", 5);

    memset(large, 'x', 10 * 1024 * 1024);
    g_assert_cmpstr(small, ==, "small");
    g_assert_cmpstr(after, ==, "after");
    g_assert_cmpstr(arena_printf(arena, "%d-%s", 7, "x"), ==, "7-x");
    g_assert_cmpstr(arena_strndup(arena, "", 0), ==, "");
}

static void test_arena_adopt(void)
{
    g_autoptr(Arena) arena = arena_new();

    for (guint i = 0; i < 100; i++)
        arena_adopt(arena, g_malloc(100));
}

static void test_list(void)
{
    g_autoptr(Arena) arena = arena_new();
    List list = { NULL };

    for (guint i = 0; i < 10000; i++) {
        guint *item = list_append(&list, arena, sizeof *item);

        g_assert_cmpuint(*item, ==, 0);
        *item = i;
    }
    g_assert_cmpuint(list.len, ==, 10000);
    for (guint i = 0; i < 10000; i++)
        g_assert_cmpuint(*list_at(&list, guint, i), ==, i);
}

static void test_sysroot(void)
{
    char *dir = kit_make_directory();
    g_autofree char *sub = g_build_filename(dir, "etc", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Sysroot) root = sysroot_new(dir, &error);
    g_autofree char *text = NULL;
    g_autofree char *path = sysroot_path(root, "/etc/name");
    gsize len = 0;

    g_assert_no_error(error);
    g_mkdir(sub, 0700);
    g_free(kit_write_file(sub, "name", "inside\n"));
    g_assert_true(sysroot_read(root, "/etc/name", &text, &len));
    g_assert_cmpstr(text, ==, "inside\n");
    g_assert_cmpuint(len, ==, 7);
    g_assert_true(g_str_has_prefix(path, dir) && g_str_has_suffix(path, "/etc/name"));
    g_clear_pointer(&text, g_free);
    g_assert_false(sysroot_read(root, "/etc/none", &text, &len));
    g_assert_cmpint(errno, ==, ENOENT);
    g_assert_null(text);
    g_assert_false(sysroot_read(root, "/etc", &text, NULL));
    g_assert_cmpint(errno, ==, EISDIR);
    kit_remove_tree(dir);
}

/* A link in the dump leads to a place in the dump. */
static void test_sysroot_links(void)
{
    char *dir = kit_make_directory();
    g_autoptr(Sysroot) root = sysroot_new(dir, NULL);
    g_autofree char *link = g_build_filename(dir, "link", NULL);
    g_autofree char *up = g_build_filename(dir, "up", NULL);
    g_autofree char *text = NULL;

    g_free(kit_write_file(dir, "real", "here"));
    g_assert_cmpint(symlink("/real", link), ==, 0);
    g_assert_cmpint(symlink("../../../../real", up), ==, 0);
    g_assert_true(sysroot_read(root, "/link", &text, NULL));
    g_assert_cmpstr(text, ==, "here");
    g_clear_pointer(&text, g_free);
    g_assert_true(sysroot_read(root, "/up", &text, NULL));
    g_assert_cmpstr(text, ==, "here");
    g_clear_pointer(&text, g_free);
    g_assert_false(sysroot_read(root, "/../../../../etc/passwd", &text, NULL));
    kit_remove_tree(dir);
}

static void test_sysroot_sizes(void)
{
    char *dir = kit_make_directory();
    g_autoptr(Sysroot) root = sysroot_new(dir, NULL);
    const gsize sizes[] = { 0, 1, 4095, 4096, 4097, 8192, 100000, SYSROOT_MAX_FILE };

    for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autofree char *content = g_strnfill(sizes[i], 'y');
        g_autofree char *text = NULL;
        gsize len;

        g_free(kit_write_file(dir, "file", content));
        g_assert_true(sysroot_read(root, "/file", &text, &len));
        g_assert_cmpuint(len, ==, sizes[i]);
        g_assert_cmpuint(strlen(text), ==, sizes[i]);
    }
    {
        g_autofree char *content = g_strnfill(SYSROOT_MAX_FILE + 1, 'y');
        g_autofree char *text = NULL;

        g_free(kit_write_file(dir, "file", content));
        g_assert_false(sysroot_read(root, "/file", &text, NULL));
        g_assert_cmpint(errno, ==, EFBIG);
        g_assert_null(text);
    }
    kit_remove_tree(dir);
}

static void test_sysroot_real(void)
{
    g_autoptr(Sysroot) root = sysroot_new("/", NULL);
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    int fd = sysroot_open(root, "/proc/self/stat", O_RDONLY);

    g_assert_cmpint(fcntl(fd, F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    close(fd);
    g_assert_true(sysroot_read(root, "/proc/self/stat", &text, NULL));
    g_assert_null(sysroot_new("/proc/self/stat", &error));
    kit_expect_error(&error, "failed to open root directory /proc/self/stat: Not a directory");
}

static void expect_file(const char *path, const char *wanted)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, wanted);
}

static void test_state(void)
{
    char *dir = kit_make_directory();
    g_autofree char *path = g_build_filename(dir, "qga.state", NULL);
    g_autoptr(GError) error = NULL;
    StateFile *state = state_file_open(dir, &error);

    g_assert_no_error(error);
    g_assert_cmpint(state->fd_counter, ==, 1000);
    expect_file(path, "[global]\nfd_counter=1000\n");
    state->fd_counter = 1234;
    g_assert_true(state_file_save(state, &error));
    state_file_free(state);
    expect_file(path, "[global]\nfd_counter=1234\n");
    state = state_file_open(dir, &error);
    g_assert_cmpint(state->fd_counter, ==, 1234);
    state_file_free(state);
    g_free(kit_write_file(dir, "qga.state", "[global]\nother=1\n"));
    state = state_file_open(dir, &error);
    g_assert_cmpint(state->fd_counter, ==, 1000);
    state_file_free(state);
    kit_remove_tree(dir);
}

static void test_state_damaged(void)
{
    static const char *const damaged[] = { "garbage", "[global\n", "[global]\nfd_counter=x\n" };
    char *dir = kit_make_directory();
    g_autofree char *prefix =
        g_strdup_printf("failed to load persistent state: %s/qga.state: ", dir);
    g_autofree char *missing = g_build_filename(dir, "no", "such", NULL);
    g_autoptr(GError) error = NULL;

    for (gsize i = 0; i < G_N_ELEMENTS(damaged); i++) {
        g_free(kit_write_file(dir, "qga.state", damaged[i]));
        g_assert_null(state_file_open(dir, &error));
        g_assert_true(g_str_has_prefix(error->message, prefix));
        g_clear_error(&error);
    }
    g_assert_null(state_file_open(missing, &error));
    g_assert_true(g_str_has_prefix(error->message, "failed to save persistent state: "));
    kit_remove_tree(dir);
}

/* A number is given out only when the file says that it is taken. */
static void test_state_next(void)
{
    char *dir = kit_make_directory();
    g_autofree char *path = g_build_filename(dir, "qga.state", NULL);
    g_autofree char *log = NULL;
    g_autoptr(GError) error = NULL;
    StateFile *state = state_file_open(dir, &error);
    gint64 handle;

    g_assert_true(state_file_next(state, &handle, &error));
    g_assert_cmpint(handle, ==, 1000);
    expect_file(path, "[global]\nfd_counter=1001\n");
    kit_remove_tree(dir);
    g_assert_false(state_file_next(state, &handle, &error));
    kit_expect_error(&error, "failed to commit persistent state to disk");
    log = kit_take_log();
    g_assert_nonnull(strstr(log, "failed to save persistent state: "));
    g_assert_cmpint(state->fd_counter, ==, 1001);
    state_file_free(state);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    g_test_add_func("/arena/blocks", test_arena);
    g_test_add_func("/arena/large", test_arena_large);
    g_test_add_func("/arena/adopt", test_arena_adopt);
    g_test_add_func("/arena/list", test_list);
    g_test_add_func("/sysroot/read", test_sysroot);
    g_test_add_func("/sysroot/links", test_sysroot_links);
    g_test_add_func("/sysroot/sizes", test_sysroot_sizes);
    g_test_add_func("/sysroot/real", test_sysroot_real);
    g_test_add_func("/state-file/life", test_state);
    g_test_add_func("/state-file/damaged", test_state_damaged);
    g_test_add_func("/state/next", test_state_next);
    return g_test_run();
}
