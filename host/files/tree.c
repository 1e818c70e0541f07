/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "host/base/rename-new.h"
#include "host/base/table.h"
#include "host/files/stream.h"
#include "lib/errors.h"

/* A path in the copy, so that with the directory's own it is below PATH_MAX. */
#define MOST_PATH 3000
#define NS_PER_S G_GINT64_CONSTANT(1000000000)

typedef struct {
    const char *base; /* what names of entries begin with */
    int root;         /* the copy's directory */
    GPtrArray *directories; /* of Entry: their modes and times are set at the end */
    TreeCopy *copy;
} Tree;

static gboolean failed(const Entry *entry, int problem, GError **error)
{
    g_autofree char *name = harmless_text(entry->name);

    return set_errno_error(error, problem, "%s", name);
}

/* The entry's path below the copy's directory, "" for that itself; NULL with @error set. */
static const char *path_of(const Tree *tree, const Entry *entry, GError **error)
{
    const char *path = entry->name + strlen(tree->base);

    if (!g_str_has_prefix(entry->name, tree->base) || (*path && *path != '/')) {
        set_error(error, "the appliance sent a file of another directory");
        return NULL;
    }
    path += strspn(path, "/");
    if (strlen(path) <= MOST_PATH)
        return path;
    failed(entry, ENAMETOOLONG, error);
    return NULL;
}

/* A directory of the copy. No link counts in @path: its names are the backup's. */
static int open_below(const Tree *tree, const char *path, guint64 flags)
{
    struct open_how how = { .flags = flags | O_DIRECTORY | O_CLOEXEC,
                            .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS };

    return (int)syscall(SYS_openat2, tree->root, path, &how, sizeof how);
}

static struct timespec time_of(const Entry *entry)
{
    gint64 ns = entry->modified % NS_PER_S;

    return (struct timespec){ .tv_sec = entry->modified / NS_PER_S - (ns < 0),
                              .tv_nsec = ns < 0 ? ns + NS_PER_S : ns };
}

static gboolean make(Tree *tree, const Entry *entry, int parent, const char *name, int *fd)
{
    struct timespec time = time_of(entry), times[2] = { time, time };

    switch (entry->mode & S_IFMT) {
    case S_IFDIR:
        return mkdirat(parent, name, 0700) == 0;
    case S_IFREG:
        *fd = openat(parent, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        return *fd >= 0;
    case S_IFLNK:
        return symlinkat(entry->target, parent, name) == 0 &&
               utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW) == 0;
    default:
        tree->copy->left_out++;
        tree->copy->files--;
        return TRUE;
    }
}

static void remember(Tree *tree, const Entry *entry)
{
    Entry *directory = g_new0(Entry, 1);

    directory->name = g_strdup(entry->name);
    directory->mode = entry->mode;
    directory->modified = entry->modified;
    g_ptr_array_add(tree->directories, directory);
}

static gboolean take_entry(gpointer data, const Entry *entry, int *fd, GError **error)
{
    Tree *tree = data;
    const char *path = path_of(tree, entry, error);
    g_autofree char *name = NULL, *above = NULL;
    int parent;
    gboolean ok;

    if (!path || entry->problem)
        return path && failed(entry, entry->problem, error);
    if (S_ISDIR(entry->mode))
        remember(tree, entry);
    if (!*path)
        return S_ISDIR(entry->mode) || failed(entry, ENOTDIR, error);
    name = g_path_get_basename(path);
    above = g_path_get_dirname(path);
    parent = open_below(tree, above, O_PATH);
    if (parent < 0)
        return failed(entry, errno, error);
    tree->copy->files++;
    ok = make(tree, entry, parent, name, fd) || failed(entry, errno, error);
    close(parent);
    return ok;
}

static gboolean take_content(gpointer data, const Entry *entry, int fd, gboolean ok,
                             GError **error)
{
    struct timespec time = time_of(entry), times[2] = { time, time };

    (void)data;
    if (ok && (fchmod(fd, entry->mode & 0777) < 0 || futimens(fd, times) < 0))
        ok = failed(entry, errno, error);
    if (close(fd) < 0 && ok)
        ok = failed(entry, errno, error);
    return ok;
}

static gboolean finish_directory(const Tree *tree, const Entry *entry, GError **error)
{
    const char *path = path_of(tree, entry, error);
    struct timespec time = time_of(entry), times[2] = { time, time };
    gboolean ok;
    int fd;

    if (!path)
        return FALSE;
    fd = open_below(tree, *path ? path : ".", O_RDONLY);
    ok = (fd >= 0 && fchmod(fd, entry->mode & 0777) == 0 && futimens(fd, times) == 0) ||
         failed(entry, errno, error);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* From the last to the first: the time of a directory changes with what is made in it. */
static gboolean finish_directories(const Tree *tree, GError **error)
{
    for (guint i = tree->directories->len; i-- > 0;)
        if (!finish_directory(tree, tree->directories->pdata[i], error))
            return FALSE;
    return TRUE;
}

static int open_up(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info, (void)ftw;
    if (type == FTW_D || type == FTW_DNR)
        (void)!chmod(path, 0700);
    return 0;
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info, (void)type, (void)ftw;
    return remove(path) < 0 && errno != ENOENT ? -1 : 0;
}

/* The directory is this process's own; the last steps may have closed some in it. */
static void remove_tree(const char *path)
{
    nftw(path, open_up, 32, FTW_PHYS | FTW_MOUNT);
    nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static char *target_path(const char *path, const char *to)
{
    g_autofree char *name = g_path_get_basename(path);

    if (!g_file_test(to, G_FILE_TEST_IS_DIR))
        return g_strdup(to);
    return g_build_filename(to, g_str_equal(name, "/") ? "root" : name, NULL);
}

static gboolean fill(Tree *tree, const Appliance *appliance, const char *path, const char *made,
                     GError **error)
{
    static const StreamTree takers = { take_entry, take_content };

    tree->root = g_open(made, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
    if (tree->root < 0)
        return set_errno_error(error, errno, "%s", made);
    if (!stream_tree(appliance->vm, appliance->place.data, path, &takers, tree, &tree->copy->bytes,
                     error) ||
        !finish_directories(tree, error))
        return FALSE;
    return syncfs(tree->root) == 0 || set_errno_error(error, errno, "writing %s", made);
}

gboolean tree_copy(const Appliance *appliance, const char *path, const char *to, TreeCopy *copy,
                   GError **error)
{
    g_autofree char *base = g_strdup(path);
    g_autofree char *dir = NULL, *name = NULL, *made = NULL;
    Tree tree = { .root = -1, .copy = copy };
    gboolean ok;

    while (*base && g_str_has_suffix(base, "/"))
        base[strlen(base) - 1] = '\0';
    tree.base = base;
    *copy = (TreeCopy){ .path = target_path(*base ? base : "/", to) };
    if (g_file_test(copy->path, G_FILE_TEST_EXISTS))
        return set_error(error, "%s exists already; move it away, or name another path",
                         copy->path);
    dir = g_path_get_dirname(copy->path);
    name = g_path_get_basename(copy->path);
    made = g_strdup_printf("%s/.%s.XXXXXX", dir, name);
    if (!g_mkdtemp_full(made, 0700))
        return set_errno_error(error, errno, "%s", made);
    tree.directories = g_ptr_array_new_with_free_func(entry_free);
    ok = fill(&tree, appliance, path, made, error) && rename_new(made, copy->path, error);
    if (!ok)
        remove_tree(made);
    if (tree.root >= 0)
        close(tree.root);
    g_ptr_array_unref(tree.directories);
    return ok;
}
