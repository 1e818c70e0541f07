/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/files/appliance.h"

/*
 * Copies the regular file @path of the appliance into @vm through its agent, as @to, which if it is a
 * directory gets the file under its name. The file appears with its content, owner, mode, time of
 * modification and extended attributes, or not at all. The VM needs chown, chmod, touch, mv, and for
 * extended attributes setfattr. @bytes: its size; @made: its path in the VM, the caller's. FALSE with
 * @error set.
 */
gboolean into_vm(const Appliance *appliance, const char *path, Vm *vm, const char *to,
                 gint64 *bytes, char **made, GError **error);
