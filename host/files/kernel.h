/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A Linux kernel for the appliance. */
typedef struct {
    char *path;
    char *version; /* as in the names of its modules' directory */
    char *modules; /* that directory, which may be missing */
} Kernel;

/*
 * Finds the kernel @wanted (NULL: that of the environment variable GUESTCTL_KERNEL, else one of this
 * host that guestctl can read, the running one first). Its modules are in lib/modules/VERSION beside
 * it, above it, or of the host. FALSE with @error set.
 */
gboolean kernel_find(const char *wanted, Kernel *kernel, GError **error);
void kernel_clear(Kernel *kernel);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Kernel, kernel_clear)
