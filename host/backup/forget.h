/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/reporter.h"
#include "host/vm/backend.h"

/*
 * Whether @name is of a bitmap or checkpoint that guestctl makes: of the set called @set, or of any
 * (NULL).
 */
gboolean forget_is_ours(const char *name, const char *set);

/*
 * Lists for people what backups have left in @vm, and of which set it is: of the one called @set, in
 * @dir, or of another.
 */
void forget_list(Vm *vm, const char *set, const char *dir, Reporter *reporter);

/*
 * Removes what backups have left in @vm: of the set called @set, or of all (NULL). In
 * a dry run only reports. FALSE with @error set if something was not removed.
 */
gboolean forget_marks(Vm *vm, const char *set, Reporter *reporter, GError **error);
