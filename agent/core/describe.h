/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/commands.h"

/*
 * --dump-schema: all that the tables of commands and events say, as @format: "json" for
 * programs, "rst" for the manual, "completion" as words for a shell. Returns
 * NULL with @error set if the format is unknown; else a text to be freed.
 */
char *describe_commands(const CommandSet *commands, const char *format, GError **error);
