/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysops.h"
#include "agent/base/sysroot.h"

/*
 * The clocks that go on while the guest does not: its real-time clock, which keeps UTC
 * or, by /etc/adjtime, local time; and the host's own, where KVM offers it. For workers.
 */

/*
 * The time that the real-time clock shows. The host's clock is taken instead if it is
 * the same but for its finer steps, or if the real-time clock cannot be read.
 */
gboolean rtc_now(const Sysroot *root, const SysOps *sysops, struct timespec *now, GError **error);

/* Sets the real-time clock to @seconds since the epoch; right to within half a second. */
gboolean rtc_store(const Sysroot *root, const SysOps *sysops, time_t seconds, GError **error);
