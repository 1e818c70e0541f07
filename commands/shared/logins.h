/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"
#include "commands/parse/utmp.h"

/*
 * Fills @users, a list of LoggedIn, from utmp or, on systems that no longer
 * write it, from systemd-logind. May wait for either.
 */
void collect_logins(const Sysroot *sysroot, List *users, Arena *arena);
