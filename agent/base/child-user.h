/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "lib/child-start.h"

/*
 * Looks up the user @name with all groups; the caller frees it with child_user_free(). Asks the
 * system's user database (nsswitch.conf(5)), which may block: to be called from workers.
 * Returns NULL with @error set.
 */
ChildUser *child_user_find(const char *name, GError **error) G_GNUC_WARN_UNUSED_RESULT;
void child_user_free(ChildUser *user);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(ChildUser, child_user_free)
