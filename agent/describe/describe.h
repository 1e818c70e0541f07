/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/command-set.h"

/*
 * --dump-schema: the tables of commands and events as @format: "json" for programs, "rst" for
 * documents, "man" for guestd-protocol(7), "completion" as words for a shell; and for the build,
 * "man-options" and "man-keys". Returns a text to be freed, or NULL with @error set if the format
 * is unknown.
 */
char *describe_commands(const CommandSet *commands, const char *format, GError **error);

/* The commands and events as sections of a manual page; to be freed. */
char *describe_man(const CommandSet *commands);

/* The names of @command's flags, comma separated; the caller frees the text. */
char *describe_flags(const Command *command);
