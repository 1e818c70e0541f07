/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/* A named set of classes of commands. docs/profiles.md says why they are what they are. */
typedef struct {
    const char *name;
    guint classes;
} Profile;

/* The first is the default; ends with a name of NULL. */
extern const Profile policy_profiles[];

/* The profile of @settings, or the last entry, without a name and commands, if it is unknown. */
const Profile *policy_profile(const Settings *settings);

/*
 * Validates profile and rules of @settings, once all options are read. Returns FALSE with a usage
 * error.
 */
gboolean policy_check(const Settings *settings, GError **error) G_GNUC_WARN_UNUSED_RESULT;

/*
 * Whether @command may run: the profile includes it, the allow list includes it or is empty, and
 * the block list does not. While @frozen, the rule of qemu-ga applies: only commands that are
 * served while frozen, regardless of the lists; of these the profile leaves its own and those that
 * end the freeze. Depends on its arguments alone.
 */
gboolean policy_allows(const Settings *settings, const Command *command, gboolean frozen);

/*
 * Whether the arguments @args of @command name only users that @settings allow. Paths are checked
 * where they are opened, because only the opened file can be judged. Returns FALSE with @error set
 * to GUESTD_ERROR_FORBIDDEN.
 */
gboolean policy_permits(const Settings *settings, const Command *command, const void *args,
                        GError **error);
