/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/file/allow.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/beneath.h"
#include "agent/base/safe-path.h"
#include "agent/schema/rules.h"
#include "lib/errors.h"

/* The longest directory in @list that is above @path, or NULL. */
static const char *longest_above(const GPtrArray *list, const char *path)
{
    const char *found = NULL;

    for (guint i = 0; list && i < list->len; i++) {
        const char *directory = list->pdata[i];

        if (path_below(directory, path) && (!found || path_below(found, directory)))
            found = directory;
    }
    return found;
}

static gboolean open_directory(FilePlace *place, const char *directory, GError **error)
{
    struct stat info;
    g_autofree char *real = safe_path(directory, &info, error);

    if (real) {
        /* Not O_PATH, which would not trigger an automount. */
        place->dir_fd = open(real, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (place->dir_fd >= 0)
            return TRUE;
        set_errno_error(error, errno, "'%s'", real);
    }
    g_prefix_error(error, "%s: ", rule_table[place->rule].key);
    place->dir_fd = AT_FDCWD;
    return FALSE;
}

gboolean file_place_find(const Settings *settings, const char *path, gboolean reads,
                         gboolean writes, FilePlace *place, GError **error)
{
    const gboolean wanted[N_RULES] = { [RULE_READ] = reads, [RULE_WRITE] = writes };
    const char *directory = NULL;

    *place = (FilePlace){ AT_FDCWD, path, RULE_READ };
    /* A list for one kind of access does not permit everything for the other. */
    if (!settings->rules[RULE_READ] && !settings->rules[RULE_WRITE])
        return TRUE;
    for (Rule rule = RULE_READ; rule <= RULE_WRITE; rule++) {
        const char *above = wanted[rule] ? longest_above(settings->rules[rule], path) : NULL;

        if (!wanted[rule])
            continue;
        if (*path != '/' || !above)
            return rule_refuse(rule, error, "'%s'", path);
        /* Both are above the same path, so a path below the longer one is below the other, too. */
        if (!directory || path_below(directory, above)) {
            directory = above;
            place->rule = rule;
        }
    }
    place->path = path_below(directory, path);
    return open_directory(place, directory, error);
}

void file_place_clear(FilePlace *place)
{
    if (place->dir_fd >= 0)
        close(place->dir_fd);
    place->dir_fd = -1;
}

gboolean file_place_refused(const FilePlace *place, int errnum, const char *path, GError **error)
{
    const char *key = rule_table[place->rule].key;

    if (place->dir_fd == AT_FDCWD)
        return FALSE;
    if (errnum == EXDEV)
        return !rule_refuse(place->rule, error, "'%s', which leads out of its directory,", path);
    if (errnum != ENOSYS)
        return FALSE;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN,
                "%s requires Linux 5.6 or later: earlier kernels cannot keep a path below a "
                "directory",
                key);
    return TRUE;
}
