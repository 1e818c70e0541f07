/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/safe-path.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "lib/errors.h"

/* MAXSYMLINKS of the kernel, path_resolution(7). */
#define MOST_LINKS 40

static gboolean is_ours(uid_t owner)
{
    return owner == 0 || owner == geteuid();
}

gboolean others_may_write(const struct stat *info)
{
    return !is_ours(info->st_uid) || (info->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* A sticky directory such as /tmp: other users can add names, but remove only their own. */
static gboolean others_may_replace(const struct stat *directory, const struct stat *entry)
{
    if (is_ours(directory->st_uid) && (directory->st_mode & S_ISVTX) && is_ours(entry->st_uid))
        return FALSE;
    return others_may_write(directory);
}

/* The components of a path that are still to be followed, the next one last. */
static void push_parts(GPtrArray *todo, const char *path)
{
    g_auto(GStrv) parts = g_strsplit(path, "/", -1);

    for (guint i = g_strv_length(parts); i > 0; i--)
        if (*parts[i - 1] && !g_str_equal(parts[i - 1], "."))
            g_ptr_array_add(todo, g_strdup(parts[i - 1]));
}

static void go_up(GString *at)
{
    const char *slash = strrchr(at->str, '/');

    g_string_truncate(at, slash ? (gsize)(slash - at->str) : 0);
}

/* Continues at the target of the link @link, which is in the directory @at. */
static gboolean follow(GString *at, const char *link, GPtrArray *todo, GError **error)
{
    char target[PATH_MAX + 1];
    ssize_t n = readlink(link, target, sizeof target - 1);

    if (n < 0)
        return set_errno_error(error, errno, "cannot read link '%s'", link);
    target[n] = '\0';
    if (*target == '/')
        g_string_truncate(at, 0);
    push_parts(todo, target);
    return TRUE;
}

/* Follows one component. @at has no trailing slash, and is empty for the root directory. */
static gboolean step(GString *at, const char *part, GPtrArray *todo, int *links, GError **error)
{
    g_autofree char *next = g_strconcat(at->str, "/", part, NULL);
    struct stat directory, entry;

    if (g_str_equal(part, "..")) {
        go_up(at);
        return TRUE;
    }
    if (lstat(next, &entry) < 0 || stat(at->len ? at->str : "/", &directory) < 0)
        return set_errno_error(error, errno, "'%s'", next);
    if (others_may_replace(&directory, &entry)) {
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN,
                    "'%s' can be replaced by users other than root", next);
        return FALSE;
    }
    if (!S_ISLNK(entry.st_mode)) {
        g_string_append_printf(at, "/%s", part);
        return TRUE;
    }
    if (++*links > MOST_LINKS)
        return set_errno_error(error, ELOOP, "'%s'", next);
    return follow(at, next, todo, error);
}

char *safe_path(const char *path, struct stat *info, GError **error)
{
    g_autoptr(GPtrArray) todo = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GString) at = g_string_new(NULL);
    int links = 0;

    push_parts(todo, path);
    while (todo->len) {
        g_autofree char *part = g_ptr_array_steal_index(todo, todo->len - 1);

        if (!step(at, part, todo, &links, error))
            return NULL;
    }
    if (!at->len)
        g_string_append_c(at, '/');
    if (stat(at->str, info) == 0)
        return g_string_free(g_steal_pointer(&at), FALSE);
    set_errno_error(error, errno, "'%s'", at->str);
    return NULL;
}
