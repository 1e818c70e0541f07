/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/fuzz/fuzz.h"

#include <string.h>

#include "commands/parse/diskstats.h"

/* A name is a word of the file; the counters come in the kernel's groups. */
static void check(const DiskStats *disk, gsize size)
{
    const bool *has = disk->stats.has_counter;
    gsize n = 0;

    CLAIM(*disk->name == '\0' || strcspn(disk->name, " \t\n") == strlen(disk->name));
    CLAIM(strlen(disk->name) < size);
    for (gsize i = 0; i < DISK_N_COUNTERS; i++)
        n += has[i];
    CLAIM(n == 0 || n == 4 || n == 11 || n == 15 || n == 17);
    CLAIM(has[DISK_FLUSH_IOS] == has[DISK_FLUSH_TICKS]);
    CLAIM(has[DISK_DISCARD_IOS] == has[DISK_DISCARD_TICKS]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autoptr(Arena) arena = arena_new();
    g_autofree char *text = g_memdup2(data, size);
    List disks = { NULL };

    diskstats_parse(text, size, &disks, arena);
    for (gsize i = 0; i < disks.len; i++)
        check(list_at(&disks, DiskStats, i), size);
    return 0;
}
