/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdint.h>
#include <sys/types.h>

/* Time on a processor over all living threads, in ns. */
int64_t proc_cpu_ns(pid_t pid);

/* Context switches over all living threads, of their own will or not. */
int64_t proc_switches(pid_t pid);

/* A line of smaps_rollup ("Rss:", "Private_Dirty:"), in KiB. */
int64_t proc_memory_kib(pid_t pid, const char *field);
