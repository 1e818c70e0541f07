/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/* A named set of classes of commands. docs/profiles.md says why they are what they are. */
typedef struct {
    const char *name;
    guint classes;
} Profile;

/* The first is the default; ends with a nameless one. */
extern const Profile policy_profiles[];

/* The profile of @settings, or one without a name and commands if there is none such. */
const Profile *policy_profile(const Settings *settings);

/*
 * Whether profile and rules of @settings make sense, once all are read. Returns FALSE
 * with a usage error that says what is wrong.
 */
gboolean policy_check(const Settings *settings, GError **error);

/*
 * Whether @command may run: it is in the profile, on the allow list, if that names
 * any, and not on the block list. While @frozen, by qemu-ga's rule the commands for
 * that state and no others, whatever the lists say; of these the profile
 * leaves its own and what ends the freeze. Depends on its arguments alone.
 */
gboolean policy_allows(const Settings *settings, const Command *command, gboolean frozen);

/*
 * Whether the filled arguments @args of @command name only users that @settings allow. Paths are
 * left to those who open them, as only the opened file can be judged. Returns FALSE with @error
 * set to GUESTD_ERROR_FORBIDDEN.
 */
gboolean policy_permits(const Settings *settings, const Command *command, const void *args,
                        GError **error);
