/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"

#include <glib.h>

/*
 * Work on a user's files with that user's rights. Linux keeps the identity that
 * files are accessed with for each thread, so a thread that ends afterwards can take
 * it on for good while the agent stays what it is.
 */
typedef struct {
    char *name;
    char *home; /* absolute */
    uid_t uid;
    gid_t gid;
} User;

/*
 * Looks @name up, wherever the system has its users. Returns FALSE with qemu-ga's
 * text in @error if there is none, or one without a home. May take as long as a
 * directory server likes. @user, zeroed by the caller, is to be cleared.
 */
gboolean user_lookup(const SysOps *sysops, const char *name, User *user, GError **error);
void user_clear(User *user);

/*
 * From here on the calling thread opens, makes and changes files as @user, with
 * the user's groups and no capability that overrides it. There is no way back: the
 * thread has to end.
 */
gboolean user_become(const User *user, GError **error);
