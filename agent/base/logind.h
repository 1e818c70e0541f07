/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"

/*
 * Requests to logind or elogind over the system bus. All functions block, but never beyond @until
 * (monotonic microseconds): they are for workers. Their errors are those of the bus or of logind.
 */

#define SYSTEM_BUS_SOCKET "/run/dbus/system_bus_socket"

/* Calls PowerOff, Halt or Reboot and returns once logind has accepted the request. */
gboolean logind_shut_down(const Sysroot *root, const char *method, gint64 until, GError **error);

/*
 * The reply to CanSuspend, CanHibernate or CanHybridSleep ("yes", "challenge", "no", "na"), which
 * the caller frees with g_free(). Returns NULL with @error set.
 */
char *logind_can(const Sysroot *root, const char *method, gint64 until, GError **error);

/*
 * Calls Suspend, Hibernate or HybridSleep and waits until the guest is awake again. Reports also a
 * failure of systemd's @service, which performs the sleep: logind replies before it starts.
 */
gboolean logind_sleep(const Sysroot *root, const char *method, const char *service, gint64 until,
                      GError **error);
