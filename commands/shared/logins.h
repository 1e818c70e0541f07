/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"
#include "commands/parse/utmp.h"

/*
 * Fills @users, a list of LoggedIn with strings in @arena, from utmp or, on systems without it,
 * from systemd-logind. A missing source is not an error. For workers.
 */
void collect_logins(const Sysroot *sysroot, List *users, Arena *arena);
