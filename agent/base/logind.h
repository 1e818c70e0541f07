/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"

/*
 * What logind (or elogind) does with the machine, asked for over the system bus. All
 * functions wait, but never beyond @until (monotonic microseconds): they are for
 * workers. They fail with the reason of the bus or of logind.
 */

#define SYSTEM_BUS_SOCKET "/run/dbus/system_bus_socket"

/* Calls one of PowerOff, Halt and Reboot; logind goes on by itself. */
gboolean logind_shut_down(const Sysroot *root, const char *method, gint64 until, GError **error);

/*
 * The answer to one of CanSuspend, CanHibernate and CanHybridSleep ("yes", "challenge",
 * "no", "na"), the caller's to g_free(); NULL with @error set on failure.
 */
char *logind_can(const Sysroot *root, const char *method, gint64 until, GError **error);

/*
 * Calls one of Suspend, Hibernate and HybridSleep and waits for the end of the sleep.
 * Of systemd's @service, which does it, also a failure is told: logind itself answers
 * before it begins.
 */
gboolean logind_sleep(const Sysroot *root, const char *method, const char *service, gint64 until,
                      GError **error);
