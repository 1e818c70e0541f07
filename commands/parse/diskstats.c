/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/parse/diskstats.h"

#include "commands/parse/lines.h"

/* Words of a line before the counters: major, minor and name. */
#define BEFORE_COUNTERS 3
/* The number of words for partitions in kernels before 2.6.25 (admin-guide/iostats.rst). */
#define ANCIENT_WORDS 7
/*
 * The number of words with each group of counters: the basic ones, discards since Linux 4.18,
 * flushes since 5.5.
 */
#define BASIC_WORDS 14
#define DISCARD_WORDS 18
#define FLUSH_WORDS 20

static gsize read_counters(Piece *line, guint64 *values)
{
    Piece word;
    gsize n = 0;

    while (n < DISK_N_COUNTERS && next_word(line, &word) && piece_to_uint64(&word, &values[n]))
        n++;
    return n;
}

static void set(DiskCounters *stats, DiskCounter which, guint64 value)
{
    stats->counter[which] = value;
    stats->has_counter[which] = true;
}

static void set_counters(DiskCounters *stats, const guint64 *values, gsize words)
{
    gsize n = words >= FLUSH_WORDS     ? DISK_N_COUNTERS
              : words >= DISCARD_WORDS ? DISK_FLUSH_IOS
              : words >= BASIC_WORDS   ? DISK_DISCARD_IOS
                                       : 0;

    for (gsize i = 0; i < n; i++)
        set(stats, (DiskCounter)i, values[i]);
    if (words == ANCIENT_WORDS) {
        set(stats, DISK_READ_IOS, values[0]);
        set(stats, DISK_READ_SECTORS, values[1]);
        set(stats, DISK_WRITE_IOS, values[2]);
        set(stats, DISK_WRITE_SECTORS, values[3]);
    }
}

static void take_line(Piece *line, List *disks, Arena *arena)
{
    guint64 values[DISK_N_COUNTERS] = { 0 };
    guint64 major, minor;
    Piece word, name;
    DiskStats *disk;
    gsize n;

    if (!next_word(line, &word) || !piece_to_uint64(&word, &major) || !next_word(line, &word) ||
        !piece_to_uint64(&word, &minor) || !next_word(line, &name))
        return;
    n = read_counters(line, values);
    if (n + BEFORE_COUNTERS < ANCIENT_WORDS)
        return;
    disk = list_append(disks, arena, sizeof *disk);
    disk->name = arena_strndup(arena, name.start, name.len);
    disk->major = major;
    disk->minor = minor;
    set_counters(&disk->stats, values, n + BEFORE_COUNTERS);
}

void diskstats_parse(const char *text, gsize len, List *disks, Arena *arena)
{
    Piece rest = { text, len };
    Piece line;

    while (next_line(&rest, &line))
        take_line(&line, disks, arena);
}
