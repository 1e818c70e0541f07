/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"

/*
 * Makes the kernel's RCU grace periods short for a moment. Freezing a filesystem takes three of
 * them (percpu_down_write() in freeze_super(), fs/super.c), two with its writers already held
 * up; at their usual 10 to 20 ms they are most of what an application notices of a freeze. See
 * rcu_expedited in the kernel's Documentation/ABI/testing/sysfs-kernel-boot_params and
 * kernel/ksysfs.c.
 */

/* The current setting, to be remembered before it is changed; -1 if it is not to be changed. */
int quick_grace_before(const Sysroot *sysroot);

/* Both do nothing for a @before of -1. */
void quick_grace_begin(const Sysroot *sysroot, int before);
void quick_grace_end(const Sysroot *sysroot, int before);
