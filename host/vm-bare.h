/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/qmp.h"
#include "host/vm.h"

gboolean vm_is_bare(const Vm *vm);

/* The monitor of a bare QEMU, the VM's; NULL with @error set. */
Qmp *vm_bare_qmp(Vm *vm, const Limit *limit, GError **error);

/* After a failure: the next use connects anew. Nothing happens to a VM of another kind. */
void vm_bare_drop_qmp(Vm *vm);
