/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

/*
 * One guestctl at a time works on a VM's disks, whatever names and stores are given: two would
 * take each other's jobs for their own. The lock is the VM's until vm_free() or the end of the
 * process, however that ends. It holds for all users who may use /run/guestctl: root and, where
 * there is that group, members of group libvirt; others see only their own.
 */

#define VM_LOCK_FOR_EVER (-1)

/*
 * Takes the lock to do @activity, such as "backup"; TRUE if the VM has it already. If another
 * guestctl has it, waits up to @wait_ms (VM_LOCK_FOR_EVER: until it ends) and says so on standard
 * error. To be called before anything else is asked of the VM: the monitor of a bare QEMU has one
 * client at a time. FALSE with @error set: _TIMED_OUT with a text that names the other one,
 * _CANCELLED, or the VM could not be identified.
 */
gboolean vm_lock(Vm *vm, const char *activity, gint64 wait_ms, GError **error);

/* Gives it back before the end of the VM; nothing to do if it has none. */
void vm_unlock(Vm *vm);
