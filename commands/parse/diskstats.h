/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include "lib/arena.h"

/* The counters of /proc/diskstats in the kernel's order (its admin-guide/iostats.rst). */
typedef enum {
    DISK_READ_IOS,
    DISK_READ_MERGES,
    DISK_READ_SECTORS,
    DISK_READ_TICKS,
    DISK_WRITE_IOS,
    DISK_WRITE_MERGES,
    DISK_WRITE_SECTORS,
    DISK_WRITE_TICKS,
    DISK_IOS_PGR,
    DISK_TOTAL_TICKS,
    DISK_WEIGHT_TICKS,
    DISK_DISCARD_IOS,
    DISK_DISCARD_MERGES,
    DISK_DISCARD_SECTORS,
    DISK_DISCARD_TICKS,
    DISK_FLUSH_IOS,
    DISK_FLUSH_TICKS,
    DISK_N_COUNTERS,
} DiskCounter;

typedef struct {
    guint64 counter[DISK_N_COUNTERS];
    bool has_counter[DISK_N_COUNTERS];
} DiskCounters;

typedef struct {
    const char *name;
    DiskCounters stats;
    guint64 minor;
    guint64 major;
} DiskStats;

/*
 * Parses the @len bytes of /proc/diskstats into @disks, a list of DiskStats; strings in @arena.
 * Malformed lines are skipped.
 */
void diskstats_parse(const char *text, gsize len, List *disks, Arena *arena);
