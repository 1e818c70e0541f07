/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

/*
 * The VMs that @spec ("VM" or "VM,VM", or NULL) and the context's options mean: by
 * --agent and --qmp, by name in vms.ini, or in libvirt. Returns an array of Vm, or NULL
 * with @error set if there is no such VM or none is meant.
 */
GPtrArray *targets_find(const char *spec, const Context *context, GError **error);

/* All of vms.ini and of libvirt that the context's --match allows; sorted by name. */
GPtrArray *targets_all(const Context *context, GError **error);
