/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/beneath.h"
#include "agent/base/safe-path.h"
#include "commands/exec/allow.h"
#include "commands/file/allow.h"
#include "lib/errors.h"
#include "tests/unit/kit/kit.h"

/* Paths of the host that are kept below a directory, or may not be led elsewhere. */

typedef struct {
    const char *directory, *path, *left;
} BelowCase;

static const BelowCase below_cases[] = {
    { "/srv", "/srv/a", "a" },         { "/srv", "/srv", "." },
    { "/srv", "/srv/", "." },          { "/srv/", "/srv/a/b", "a/b" },
    { "/srv", "//srv//a//b", "a//b" }, { "/srv", "/./srv/./a", "./a" },
    { "/srv", "/srvx/a", NULL },       { "/srvx", "/srv/a", NULL },
    { "/srv/a", "/srv", NULL },        { "/srv", "/srv/../etc", "../etc" },
    { "/srv", "/../srv/a", NULL },     { "/", "/etc/passwd", "etc/passwd" },
    { "/", "/", "." },                 { "/srv", "/", NULL },
    { "/srv", "/a/srv/a", NULL },
};

static void test_below(void)
{
    for (gsize i = 0; i < G_N_ELEMENTS(below_cases); i++)
        g_assert_cmpstr(path_below(below_cases[i].directory, below_cases[i].path), ==,
                        below_cases[i].left);
}

typedef struct {
    char *top;
} Tree;

static void tree_free(Tree *tree)
{
    kit_remove_tree(tree->top);
    g_free(tree);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC(Tree, tree_free)

static char *at(const Tree *tree, const char *path)
{
    return g_build_filename(tree->top, path, NULL);
}

static void make_link(const Tree *tree, const char *name, const char *target)
{
    g_autofree char *path = at(tree, name);

    g_assert_cmpint(symlink(target, path), ==, 0);
}

static void set_mode(const Tree *tree, const char *name, mode_t mode)
{
    g_autofree char *path = at(tree, name);

    g_assert_cmpint(chmod(path, mode), ==, 0);
}

/* in/file, in/deep/tool, and links to them. */
static Tree *tree_new(void)
{
    Tree *tree = g_new0(Tree, 1);
    g_autofree char *deep = NULL;

    tree->top = kit_make_directory();
    deep = at(tree, "in/deep");
    g_assert_cmpint(g_mkdir_with_parents(deep, 0755), ==, 0);
    g_free(kit_write_file(tree->top, "in/file", "inside"));
    g_free(kit_write_file(tree->top, "in/deep/tool", "#!/bin/true\n"));
    set_mode(tree, "in/deep/tool", 0755);
    make_link(tree, "in/deep/up", "../file");
    make_link(tree, "in/out", "../outside");
    make_link(tree, "alias", "in/deep");
    make_link(tree, "loop", "loop");
    make_link(tree, "nowhere", "missing");
    g_free(kit_write_file(tree->top, "outside", "outside"));
    return tree;
}

/* What safe_path() makes of @path: the path below the tree, "forbidden", or "failed". */
static char *follow(const Tree *tree, const char *path)
{
    g_autofree char *from = at(tree, path);
    g_autoptr(GError) error = NULL;
    struct stat info;
    g_autofree char *real = safe_path(from, &info, &error);

    if (real)
        return g_strdup(path_below(tree->top, real));
    return g_strdup(g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN) ? "forbidden"
                                                                                 : "failed");
}

static void expect_follow(const Tree *tree, const char *path, const char *wanted)
{
    g_autofree char *got = follow(tree, path);

    g_assert_cmpstr(got, ==, wanted);
}

static void test_safe_path(void)
{
    g_autoptr(Tree) tree = tree_new();

    expect_follow(tree, "in/file", "in/file");
    expect_follow(tree, "alias/up", "in/file");
    expect_follow(tree, "alias/../file", "in/file"); /* the parent of what it leads to */
    expect_follow(tree, "./in//deep/../file", "in/file");
    expect_follow(tree, "loop", "failed");
    expect_follow(tree, "nowhere", "failed");
    expect_follow(tree, "in/file/x", "failed");
    expect_follow(tree, "missing", "failed");
    set_mode(tree, "in", 0775);
    expect_follow(tree, "alias/tool", "forbidden");
    expect_follow(tree, "in/missing", "failed");
    expect_follow(tree, "in", "in");
    set_mode(tree, "in", 01777); /* only its owner can take a file away there */
    expect_follow(tree, "alias/tool", "in/deep/tool");
}

static void expect_errno(int dir_fd, const char *path, int flags, int wanted)
{
    errno = 0;
    g_assert_cmpint(open_beneath(dir_fd, path, flags, 0600), ==, -1);
    g_assert_cmpint(errno, ==, wanted);
}

static void test_beneath(void)
{
    g_autoptr(Tree) tree = tree_new();
    g_autofree char *in = at(tree, "in"), *outside = at(tree, "outside");
    int dir_fd = open(in, O_PATH | O_DIRECTORY), fd = open_beneath(dir_fd, "deep/up", O_RDONLY, 0);

    if (fd < 0 && errno == ENOSYS) {
        close(dir_fd);
        g_test_skip("no openat2");
        return;
    }
    g_assert_cmpint(fd, >=, 0);
    close(fd);
    expect_errno(dir_fd, "out", O_RDONLY, EXDEV);
    expect_errno(dir_fd, "out", O_WRONLY | O_CREAT, EXDEV);
    expect_errno(dir_fd, "../outside", O_PATH, EXDEV);
    expect_errno(dir_fd, outside, O_RDONLY, EXDEV);
    expect_errno(dir_fd, "missing", O_RDONLY, ENOENT);
    close(dir_fd);
    fd = open_beneath(AT_FDCWD, outside, O_RDONLY, 0);
    g_assert_cmpint(fd, >=, 0);
    close(fd);
}

/* Where @path may be opened: what is left of it, or the key that refuses. */
static char *place_of(const Tree *tree, const char *reads, const char *writes, const char *path,
                      const char *mode)
{
    g_autoptr(GPtrArray) read_list = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GPtrArray) write_list = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *asked = at(tree, path);
    g_auto(FilePlace) place = FILE_PLACE_NONE;
    g_autoptr(GError) error = NULL;
    Settings settings = { .rules = { [RULE_READ] = reads ? read_list : NULL,
                                     [RULE_WRITE] = writes ? write_list : NULL } };

    if (reads && *reads)
        g_ptr_array_add(read_list, at(tree, reads));
    if (writes && *writes)
        g_ptr_array_add(write_list, at(tree, writes));
    if (file_place_find(&settings, asked, *mode == 'r', mode[0] == 'w' || mode[1] == 'w', &place,
                        &error))
        return place.dir_fd == AT_FDCWD ? g_strdup("anywhere") : g_strdup(place.path);
    g_assert_true(g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN));
    return g_strdup(g_str_has_suffix(error->message, "file-read-allow") ? "no read" : "no write");
}

static void test_place(void)
{
    static const struct {
        const char *reads, *writes, *path, *mode, *wanted;
    } cases[] = {
        { NULL, NULL, "in/file", "rw", "anywhere" },
        { "in", NULL, "in/file", "r", "file" },
        { "in", NULL, "outside", "r", "no read" },
        { "in", NULL, "in/file", "w", "no write" },
        { NULL, "in", "in/file", "w", "file" },
        { NULL, "in", "in/file", "r", "no read" },
        { "in", "in/deep", "in/deep/tool", "rw", "tool" },
        { "in/deep", "in", "in/deep/tool", "rw", "tool" },
        { "in/deep", "in", "in/file", "rw", "no read" },
        { "in/deep", "in", "in/file", "w", "file" },
        { "", "in", "in/file", "r", "no read" },
        { "in", "in", "in/../outside", "rw", "../outside" }, /* open_beneath() refuses it */
    };
    g_autoptr(Tree) tree = tree_new();

    for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *got = place_of(tree, cases[i].reads, cases[i].writes, cases[i].path,
                                        cases[i].mode);

        g_assert_cmpstr(got, ==, cases[i].wanted);
    }
}

/* What runs for @program if @allowed is all that may: a path below the tree, or the reason why not. */
static char *find(const Tree *tree, const char *allowed, const char *program)
{
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *asked = at(tree, program);
    g_autoptr(GError) error = NULL;
    g_autofree char *real = NULL;

    g_ptr_array_add(list, at(tree, allowed));
    real = exec_rule_find(list, asked, &error);
    g_assert_true((real == NULL) == (error != NULL));
    return g_strdup(real ? path_below(tree->top, real)
                         : strstr(error->message, "can") ? "changeable" : "refused");
}

static void expect_find(const Tree *tree, const char *allowed, const char *program,
                        const char *wanted)
{
    g_autofree char *got = find(tree, allowed, program);

    g_assert_cmpstr(got, ==, wanted);
}

static void test_program(void)
{
    g_autoptr(Tree) tree = tree_new();

    make_link(tree, "in/other", "deep/tool");
    expect_find(tree, "in/deep/tool", "in/deep/tool", "in/deep/tool");
    expect_find(tree, "in/deep/tool", "alias/tool", "in/deep/tool");
    expect_find(tree, "alias/tool", "in/deep/tool", "in/deep/tool");
    expect_find(tree, "alias/*", "in/deep/tool", "in/deep/tool");
    expect_find(tree, "in/deep/t??l", "alias/tool", "in/deep/tool");
    expect_find(tree, "in/other", "in/other", "in/deep/tool");
    expect_find(tree, "in/other", "in/deep/tool", "refused"); /* only by the name that is listed */
    expect_find(tree, "in/deep/tool", "in/other", "refused"); /* nor by one that is not */
    expect_find(tree, "in/*", "in/other", "refused");
    expect_find(tree, "in/*", "in/deep/tool", "refused");
    expect_find(tree, "in/*", "in/file", "refused"); /* not executable */
    set_mode(tree, "in/deep/tool", 0757);
    expect_find(tree, "in/deep/tool", "in/deep/tool", "changeable");
    expect_find(tree, "in/deep/other", "in/deep/tool", "refused");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/paths/below", test_below);
    g_test_add_func("/paths/safe", test_safe_path);
    g_test_add_func("/paths/beneath", test_beneath);
    g_test_add_func("/paths/place", test_place);
    g_test_add_func("/paths/program", test_program);
    return g_test_run();
}
