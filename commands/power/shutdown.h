/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"

/*
 * Shuts the system down, with logind or the programs that the system has. @mode is powerdown,
 * halt, reboot, or NULL for the first. Returns TRUE when one way has been started, or FALSE with
 * @error set, which lists each way with the reason of its failure. For workers.
 */
gboolean shutdown_system(const Sysroot *root, const char *mode, GError **error);
