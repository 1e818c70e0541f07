/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/backend.h"

/*
 * The disks of @vm, a VM of any kind that is off, as those of a VM that can be backed up: a
 * qemu-storage-daemon of guestctl's own has the images open and copies them, with the same commands
 * as a QEMU (bare/off.c). No guest runs. Until vm_free(), QEMU's locks of images keep every other QEMU
 * from using them, so a start of the VM fails meanwhile, and this fails while a QEMU has them.
 *
 * @disks: names, images and what else is known of the disks; taken. Only those named in @only and
 * not in @except (arrays of strings, or NULL) are opened. With @look nothing can be written to them.
 * NULL with @error set.
 */
Vm *off_open(Vm *vm, GPtrArray *disks, const GPtrArray *only, const GPtrArray *except,
             gboolean look, const Deadline *deadline, GError **error);
