/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"

/*
 * Has the system shut itself down, by whatever it has for that. @mode is powerdown,
 * halt, reboot or NULL for the first. Comes back when one way was taken; otherwise FALSE
 * with @error set, which names every way and why it failed. For workers.
 */
gboolean shutdown_system(const Sysroot *root, const char *mode, GError **error);
