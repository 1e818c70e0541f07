/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "commands/exec/private.h"

/*
 * Whether exec-allow leaves @args as they are but for the program. Returns FALSE with
 * @error set.
 */
gboolean exec_rule_check(const Settings *settings, const ExecArgs *args, GError **error);

/*
 * The file that is to be executed for @program under exec-allow: searched as execvp(3)
 * would, free of links, on the list, and nothing that others than root can change until it
 * is executed. To be freed; NULL with @error set. May block.
 */
char *exec_rule_find(const GPtrArray *allowed, const char *program, GError **error);
