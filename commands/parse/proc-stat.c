/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/proc-stat.h"

#include <string.h>

#include "commands/parse/lines.h"

/* The columns that every kernel has. */
#define COLUMNS_ALWAYS 4
#define COLUMNS 10

/* Whether the name is "cpu12", for CPU 12, or "cpu", for all of them. */
static gboolean cpu_number(const Piece *word, gint64 *cpu)
{
    Piece digits;
    guint64 number;

    if (word->len < 4 || memcmp(word->start, "cpu", 3) != 0)
        return FALSE;
    digits = (Piece){ word->start + 3, word->len - 3 };
    if (!piece_to_uint64(&digits, &number) || number > G_MAXINT64)
        return FALSE;
    *cpu = (gint64)number;
    return TRUE;
}

static gsize read_columns(Piece *line, guint64 ticks_per_second, guint64 *columns)
{
    Piece word;
    gsize n = 0;
    guint64 ticks;

    while (n < COLUMNS && next_word(line, &word) && piece_to_uint64(&word, &ticks))
        columns[n++] = ticks * 1000 / ticks_per_second;
    return n;
}

/* Takes the columns after a line's name. Returns FALSE if there are too few of them. */
static gboolean take_times(Piece *line, guint64 ticks_per_second, CpuTimes *times)
{
    guint64 columns[COLUMNS] = { 0 };
    gsize n = read_columns(line, ticks_per_second, columns);

    *times = (CpuTimes){
        .user = columns[0],
        .nice = columns[1],
        .system = columns[2],
        .idle = columns[3],
        .iowait = columns[4],
        .irq = columns[5],
        .softirq = columns[6],
        .steal = columns[7],
        .guest = columns[8],
        .guest_nice = columns[9],
        .has_iowait = n > 4,
        .has_irq = n > 5,
        .has_softirq = n > 6,
        .has_steal = n > 7,
        .has_guest = n > 8,
        .has_guest_nice = n > 9,
    };
    return n >= COLUMNS_ALWAYS;
}

static void take_line(Piece *line, guint64 ticks_per_second, List *cpus, Arena *arena)
{
    CpuTimes times;
    Piece word;
    gint64 cpu;

    if (!next_word(line, &word) || !cpu_number(&word, &cpu) ||
        !take_times(line, ticks_per_second, &times))
        return;
    times.cpu = cpu;
    *(CpuTimes *)list_append(cpus, arena, sizeof times) = times;
}

void proc_stat_parse(const char *text, gsize len, guint64 ticks_per_second, List *cpus,
                     Arena *arena)
{
    Piece rest = { text, len };
    Piece line;

    while (next_line(&rest, &line))
        take_line(&line, ticks_per_second, cpus, arena);
}

gboolean proc_stat_totals(const char *text, gsize len, guint64 ticks_per_second, CpuTimes *totals,
                          guint64 *cpus)
{
    Piece rest = { text, len };
    Piece line, word;
    gboolean found = FALSE;
    gint64 cpu;

    *cpus = 0;
    while (next_line(&rest, &line)) {
        if (!next_word(&line, &word))
            continue;
        if (cpu_number(&word, &cpu))
            ++*cpus;
        else if (piece_equal(&word, "cpu"))
            found = take_times(&line, ticks_per_second, totals);
    }
    return found;
}
