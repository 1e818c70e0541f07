/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include "commands/parse/proc-stat.h"

/* Columns are present from the left, and no CPU has a number below 0. */
static void check(const CpuTimes *times)
{
    const bool present[] = { times->has_iowait, times->has_irq,   times->has_softirq,
                             times->has_steal,  times->has_guest, times->has_guest_nice };

    CLAIM(times->cpu >= 0);
    for (gsize i = 1; i < G_N_ELEMENTS(present); i++)
        CLAIM(present[i - 1] || !present[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Arena) arena = arena_new();
    g_autofree char *text = g_memdup2(data, size);
    List cpus = { NULL };

    proc_stat_parse(text, size, 100, &cpus, arena);
    for (gsize i = 0; i < cpus.len; i++)
        check(list_at(&cpus, CpuTimes, i));
    return 0;
}
