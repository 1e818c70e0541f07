/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "agent/base/sysroot.h"

/*
 * The clocks that advance while the guest does not run: its real-time clock, which keeps UTC or,
 * by /etc/adjtime, local time; and the host's clock, where KVM offers it. For workers.
 */

/*
 * Reads the time of the real-time clock into @now. If the host's clock agrees with it to within
 * two seconds, its finer time is returned instead, as it is if the real-time clock cannot be
 * read. Waits for the clock's next tick, up to a second. Returns FALSE with @error set.
 */
gboolean rtc_now(const Sysroot *root, const SysOps *sysops, struct timespec *now, GError **error);

/*
 * Sets the real-time clock to @seconds since the epoch, which is right to within half a second.
 * Returns FALSE with @error set.
 */
gboolean rtc_store(const Sysroot *root, const SysOps *sysops, time_t seconds, GError **error);
