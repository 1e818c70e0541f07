/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"
#include "host/wire/qmp.h"

gboolean vm_is_bare(const Vm *vm);

/* The monitor of a bare QEMU, the VM's; NULL with @error set. */
Qmp *vm_bare_qmp(Vm *vm, const Deadline *deadline, GError **error);

/* Whether its monitor's socket is known, and the agent's address, or NULL. */
gboolean vm_bare_has_qmp(const Vm *vm);
const char *vm_bare_agent_address(const Vm *vm);

/* After a failure: the next use connects anew. Nothing happens to a VM of another kind. */
void vm_bare_drop_qmp(Vm *vm);
