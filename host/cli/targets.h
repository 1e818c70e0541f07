/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

/*
 * The VMs that @spec ("VM" or "VM,VM"; NULL: all) and the context's options select, from all
 * backends in the order of their list. Returns an array of Vm, or NULL with @error set if a VM
 * does not exist. May be called by several threads at a time.
 */
GPtrArray *targets_find(const char *spec, const Context *context, GError **error);
