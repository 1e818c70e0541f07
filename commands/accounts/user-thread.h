/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"

#include <glib.h>

/*
 * Work on a user's files with that user's rights. Linux keeps the identity for file access per
 * thread (setfsuid(2)), so a thread that exits afterwards can take it on for good while the
 * agent keeps its own.
 */
typedef struct {
    char *name;
    char *home; /* absolute */
    uid_t uid;
    gid_t gid;
} User;

/*
 * Looks up @name in the system's user database. Returns FALSE with qemu-ga's text in @error if
 * the user does not exist or has no home. May wait for a directory server. @user, zeroed by the
 * caller, is to be cleared with user_clear().
 */
gboolean user_lookup(const SysOps *sysops, const char *name, User *user, GError **error);
void user_clear(User *user);

/*
 * Makes the calling thread access files as @user, with the user's groups and without
 * capabilities over files. It cannot be undone: the thread must exit afterwards. Returns FALSE
 * with @error set.
 */
gboolean user_become(const User *user, GError **error);
