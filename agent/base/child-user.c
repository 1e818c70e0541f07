/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/child-user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include "lib/errors.h"

/* The longest entry of the user database that is read. */
#define MAX_ENTRY (1024 * 1024)

static gboolean find_entry(const char *name, struct passwd *entry, char **buffer, GError **error)
{
    struct passwd *found = NULL;
    int failed = ERANGE;

    for (gsize size = 1024; failed == ERANGE && size <= MAX_ENTRY; size *= 4) {
        g_free(*buffer);
        *buffer = g_malloc(size);
        failed = getpwnam_r(name, entry, *buffer, size, &found);
    }
    if (found)
        return TRUE;
    /* The errors that getpwnam(3) lists for an unknown user. */
    if (failed == 0 || failed == ENOENT || failed == ESRCH || failed == EBADF || failed == EPERM)
        return set_error(error, "user '%s' does not exist", name);
    return set_errno_error(error, failed, "failed to look up user '%s'", name);
}

static void find_groups(ChildUser *user)
{
    int n = 32, room;

    do {
        room = n;
        user->groups = g_renew(gid_t, user->groups, room);
    } while (getgrouplist(user->name, user->gid, user->groups, &n) < 0 && n > room);
    user->n_groups = (gsize)MIN(n, room);
}

ChildUser *child_user_find(const char *name, GError **error)
{
    g_autofree char *buffer = NULL;
    struct passwd entry;
    ChildUser *user;

    if (!find_entry(name, &entry, &buffer, error))
        return NULL;
    user = g_new0(ChildUser, 1);
    user->name = g_strdup(entry.pw_name);
    user->home = g_strdup(entry.pw_dir);
    user->shell = g_strdup(*entry.pw_shell ? entry.pw_shell : "/bin/sh");
    user->uid = entry.pw_uid;
    user->gid = entry.pw_gid;
    find_groups(user);
    return user;
}

void child_user_free(ChildUser *user)
{
    if (!user)
        return;
    g_free(user->name);
    g_free(user->home);
    g_free(user->shell);
    g_free(user->groups);
    g_free(user);
}
