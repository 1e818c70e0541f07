/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * Runs @func(@data) on a thread of its own for which the system call @number fails with @errnum,
 * as under a seccomp filter (seccomp(2)); also for its children. Returns when @func returns.
 */
void kit_run_refused(long number, int errnum, GThreadFunc func, gpointer data);
