/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "commands/exec/private.h"

/*
 * Returns whether exec-allow permits the arguments other than the program, or FALSE with @error
 * set.
 */
gboolean exec_rule_check(const Settings *settings, const ExecArgs *args, GError **error);

/*
 * Finds the file to execute for @program under exec-allow: searched like execvp(3) does, with
 * links resolved, listed in @allowed, and such that only root can change it before it is
 * executed. Returns its path, to be freed, or NULL with @error set. May wait for a file server:
 * for workers.
 */
char *exec_rule_find(const GPtrArray *allowed, const char *program, GError **error);
