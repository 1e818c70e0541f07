/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include <glib.h>

/*
 * Permissions for one more user, in the access ACL of a file or directory. No other user gets more
 * than before: acl(5) bounds the permissions of all but the owner and others by a mask, and what it
 * took from other entries is taken from them before the mask grows.
 */

enum {
    GRANT_READ = 1 << 0,
    GRANT_WRITE = 1 << 1,
    GRANT_SEARCH = 1 << 2,
};

/*
 * Gives the user @uid at least @permissions on @path, which has to be this process's own. FALSE with
 * @error set, among others where the file system keeps no ACLs.
 */
gboolean grant_user(const char *path, uid_t uid, guint permissions, GError **error);

/* Takes all permissions on @path from all but its owner. */
gboolean grant_none(const char *path, GError **error);
