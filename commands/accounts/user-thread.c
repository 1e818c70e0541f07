/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/accounts/user-thread.h"

#include <errno.h>
#include <grp.h>
#include <sys/fsuid.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "lib/errors.h"

/* An entry has a few hundred bytes; some directory servers return long ones. */
#define FIRST_BUFFER 1024
#define MAX_BUFFER (1024 * 1024)

/* On 32-bit systems SYS_setgroups takes 16-bit ids. */
#ifdef SYS_setgroups32
#define SET_GROUPS SYS_setgroups32
#else
#define SET_GROUPS SYS_setgroups
#endif

gboolean user_lookup(const SysOps *sysops, const char *name, User *user, GError **error)
{
    g_autofree char *buffer = NULL;
    struct passwd entry, *found = NULL;
    int failure = ERANGE;

    for (gsize size = FIRST_BUFFER; failure == ERANGE && size <= MAX_BUFFER; size *= 2) {
        buffer = g_realloc(buffer, size);
        failure = sysops->get_user(name, &entry, buffer, size, &found);
    }
    if (failure)
        return set_errno_error(error, failure, "failed to lookup user '%s'", name);
    if (!found)
        return set_error(error, "failed to lookup user '%s': No such user", name);
    if (!entry.pw_dir || entry.pw_dir[0] != '/')
        return set_error(error, "failed to lookup user '%s': it has no home directory", name);
    *user = (User){ g_strdup(entry.pw_name), g_strdup(entry.pw_dir), entry.pw_uid, entry.pw_gid };
    return TRUE;
}

void user_clear(User *user)
{
    g_clear_pointer(&user->name, g_free);
    g_clear_pointer(&user->home, g_free);
}

/* All groups of @user; to be freed with g_free(). */
static gid_t *groups_of(const User *user, int *count)
{
    gid_t *groups = NULL;
    int room;

    *count = 32;
    do {
        room = *count;
        groups = g_renew(gid_t, groups, (gsize)room);
    } while (getgrouplist(user->name, user->gid, groups, count) < 0 && *count > room);
    return groups;
}

/*
 * By system call, because glibc's functions change all threads. Only the identity for file
 * access changes (setfsuid(2)), not the real one: a thread with the user's real identity could
 * be killed by the user, and the agent with it. The kernel removes the capabilities over files
 * along with user id 0; capabilities(7).
 */
gboolean user_become(const User *user, GError **error)
{
    g_autofree gid_t *groups = NULL;
    int count;

    if (user->uid == geteuid())
        return TRUE;
    groups = groups_of(user, &count);
    if (syscall(SET_GROUPS, (gsize)count, groups) < 0)
        return set_errno_error(error, errno, "failed to become user '%s'", user->name);
    setfsgid(user->gid);
    setfsuid(user->uid);
    /* Both return the previous id; called with an invalid id, they return the current one. */
    if ((gid_t)setfsgid((gid_t)-1) == user->gid && (uid_t)setfsuid((uid_t)-1) == user->uid)
        return TRUE;
    return set_errno_error(error, EPERM, "failed to become user '%s'", user->name);
}
