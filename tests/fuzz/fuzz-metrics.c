/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <math.h>
#include <string.h>

#include "commands/parse/figures.h"
#include "commands/parse/net-dev.h"
#include "commands/parse/pressure.h"
#include "commands/parse/proc-stat.h"

/* The parsers of what guestd-metrics tells; each is to take any text. */

static void try_figures(const char *text, gsize len)
{
    Figure figures[] = { { .name = "MemTotal" }, { .name = "pswpin" }, { .name = "" } };

    figures_parse(text, len, figures, G_N_ELEMENTS(figures));
    for (gsize i = 0; i < G_N_ELEMENTS(figures); i++)
        CLAIM(figures[i].found || figures[i].value == 0);
}

static void check_stall(const Stall *stall)
{
    CLAIM(isfinite(stall->avg10) && stall->avg10 >= 0);
    CLAIM(isfinite(stall->avg60) && stall->avg60 >= 0);
    CLAIM(isfinite(stall->avg300) && stall->avg300 >= 0);
}

static void try_pressure(const char *text, gsize len)
{
    Pressure pressure = { .has_some = false };

    pressure_parse(text, len, &pressure);
    if (pressure.has_some)
        check_stall(&pressure.some);
    if (pressure.has_full)
        check_stall(&pressure.full);
}

static void try_net_dev(const char *text, gsize len)
{
    g_autoptr(Arena) arena = arena_new();
    List interfaces = { NULL };

    net_dev_parse(text, len, &interfaces, arena);
    for (gsize i = 0; i < interfaces.len; i++) {
        const char *name = list_at(&interfaces, InterfaceCounters, i)->name;

        CLAIM(!strpbrk(name, ": \t\n"));
    }
}

static void try_totals(const char *text, gsize len)
{
    CpuTimes totals;
    guint64 cpus;

    proc_stat_totals(text, len, 100, &totals, &cpus);
    CLAIM(cpus <= len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_memdup2(data, size);

    try_figures(text, size);
    try_pressure(text, size);
    try_net_dev(text, size);
    try_totals(text, size);
    return 0;
}
