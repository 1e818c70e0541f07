/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"

typedef enum { SUSPEND_DISK, SUSPEND_RAM, SUSPEND_HYBRID } SuspendMode;

/*
 * Suspends the machine with systemd, pm-utils or /sys/power/state (the kernel's
 * admin-guide/pm/sleep-states.rst), and returns when it has resumed. Returns FALSE with @error
 * set if the kernel does not support @mode, or with the last error if each way failed. For
 * workers.
 */
gboolean suspend_system(const Sysroot *root, SuspendMode mode, GError **error);
