/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"

typedef enum { SUSPEND_DISK, SUSPEND_RAM, SUSPEND_HYBRID } SuspendMode;

/*
 * Puts the machine to sleep, by systemd, pm-utils or the kernel's own file, and comes
 * back when it is awake again. FALSE with @error set if the kernel cannot, or if every
 * way failed: then with the last reason. For workers.
 */
gboolean suspend_system(const Sysroot *root, SuspendMode mode, GError **error);
