/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "lib/arena.h"

/* The line of one CPU in /proc/stat, in milliseconds; columns that the kernel lacks are absent. */
typedef struct {
    gint64 cpu;
    guint64 user, nice, system, idle;
    guint64 iowait, irq, softirq, steal, guest, guest_nice;
    bool has_iowait, has_irq, has_softirq, has_steal, has_guest, has_guest_nice;
} CpuTimes;

/*
 * Parses the @len bytes of /proc/stat into @cpus, a list of CpuTimes, without the line for all
 * CPUs. @ticks_per_second is sysconf(_SC_CLK_TCK).
 */
void proc_stat_parse(const char *text, gsize len, guint64 ticks_per_second, List *cpus,
                     Arena *arena);

/*
 * Parses the line for all CPUs into @totals, whose @cpu is 0, and counts the CPUs that are
 * online. Returns FALSE without such a line.
 */
gboolean proc_stat_totals(const char *text, gsize len, guint64 ticks_per_second, CpuTimes *totals,
                          guint64 *cpus);
