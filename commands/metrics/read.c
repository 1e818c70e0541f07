/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/metrics/read.h"

#include <string.h>
#include <unistd.h>

#include "commands/parse/figures.h"
#include "commands/parse/lines.h"
#include "commands/shared/fs-sizes.h"
#include "commands/shared/logins.h"
#include "commands/shared/mounts.h"

/* The unit of /proc/diskstats, whatever the disk's sector size (admin-guide/iostats.rst). */
#define SECTOR_BYTES 512
#define MS_PER_S 1000

/* A figure's name in a file of /proc, and where its value goes. */
typedef struct {
    const char *name;
    Amount *amount;
    guint64 unit;
} Wanted;

/* Fills the members of @wanted that the file has. Returns FALSE if it has none of them. */
static gboolean read_figures(const Sysroot *sysroot, const char *path, const Wanted *wanted,
                             gsize n)
{
    g_autofree Figure *figures = g_new0(Figure, n);
    g_autofree char *text = NULL;
    gboolean any = FALSE;
    gsize len;

    if (!sysroot_read(sysroot, path, &text, &len))
        return FALSE;
    for (gsize i = 0; i < n; i++)
        figures[i].name = wanted[i].name;
    figures_parse(text, len, figures, n);
    for (gsize i = 0; i < n; i++) {
        *wanted[i].amount = (Amount){ figures[i].value * wanted[i].unit, figures[i].found };
        any = any || figures[i].found;
    }
    return any;
}

static void read_memory(const MetricsSource *from, Metrics *metrics)
{
    MemoryMetrics *memory = &metrics->memory;
    guint64 page = (guint64)sysconf(_SC_PAGESIZE);
    const Wanted meminfo[] = {
        { "MemTotal", &memory->total, 1 },         { "MemFree", &memory->free, 1 },
        { "MemAvailable", &memory->available, 1 }, { "Buffers", &memory->buffers, 1 },
        { "Cached", &memory->cached, 1 },          { "Dirty", &memory->dirty, 1 },
        { "Shmem", &memory->shared, 1 },           { "SwapTotal", &memory->swap_total, 1 },
        { "SwapFree", &memory->swap_free, 1 },
    };
    const Wanted vmstat[] = {
        { "pswpin", &memory->swapped_in, page },
        { "pswpout", &memory->swapped_out, page },
    };

    metrics->has_memory =
        read_figures(from->sysroot, "/proc/meminfo", meminfo, G_N_ELEMENTS(meminfo));
    if (read_figures(from->sysroot, "/proc/vmstat", vmstat, G_N_ELEMENTS(vmstat)))
        metrics->has_memory = true;
}

static void read_load(const MetricsSource *from, Metrics *metrics)
{
    LoadMetrics *load = &metrics->load;
    double *const members[] = { &load->load1m, &load->load5m, &load->load15m };
    g_autofree char *text = NULL;
    char *at, *end;

    if (!sysroot_read(from->sysroot, "/proc/loadavg", &text, NULL))
        return;
    at = text;
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++, at = end) {
        *members[i] = g_ascii_strtod(at, &end);
        if (end == at)
            return;
    }
    metrics->has_load = true;
}

static bool read_resource(const MetricsSource *from, const char *path, Pressure *pressure)
{
    g_autofree char *text = NULL;
    gsize len;

    if (!sysroot_read(from->sysroot, path, &text, &len))
        return false;
    pressure_parse(text, len, pressure);
    return pressure->has_some || pressure->has_full;
}

static void read_pressure(const MetricsSource *from, Metrics *metrics)
{
    PressureMetrics *pressure = &metrics->pressure;

    pressure->has_cpu = read_resource(from, "/proc/pressure/cpu", &pressure->cpu);
    pressure->has_memory = read_resource(from, "/proc/pressure/memory", &pressure->memory);
    pressure->has_io = read_resource(from, "/proc/pressure/io", &pressure->io);
    metrics->has_pressure = pressure->has_cpu || pressure->has_memory || pressure->has_io;
}

static void read_uptime(const MetricsSource *from, Metrics *metrics)
{
    g_autofree char *text = NULL;
    double seconds;
    char *end;

    if (!sysroot_read(from->sysroot, "/proc/uptime", &text, NULL))
        return;
    seconds = g_ascii_strtod(text, &end);
    /* Half a millisecond makes hundredths come out as they were written. */
    if (end != text && seconds >= 0 && seconds < (double)G_MAXINT64 / MS_PER_S)
        metrics->uptime_ms = (Amount){ (guint64)(seconds * MS_PER_S + 0.5), true };
}

static void read_cpu(const MetricsSource *from, Metrics *metrics)
{
    g_autofree char *text = NULL;
    gsize len;

    if (sysroot_read(from->sysroot, "/proc/stat", &text, &len))
        metrics->has_cpu = proc_stat_totals(text, len, (guint64)sysconf(_SC_CLK_TCK),
                                            &metrics->cpu.times, &metrics->cpu.cpus);
}

static void set_sizes(FilesystemMetrics *filesystem, const struct statvfs *sizes)
{
    guint64 unit = sizes->f_frsize;

    filesystem->total = (Amount){ sizes->f_blocks * unit, true };
    filesystem->free = (Amount){ sizes->f_bfree * unit, true };
    filesystem->available = (Amount){ sizes->f_bavail * unit, true };
    if (sizes->f_files == 0) /* btrfs creates inodes as needed */
        return;
    filesystem->inodes = (Amount){ sizes->f_files, true };
    filesystem->inodes_free = (Amount){ sizes->f_ffree, true };
}

static void read_filesystems(const MetricsSource *from, Metrics *metrics)
{
    List mounts = { NULL };
    g_autofree FsSizes *sizes = NULL;

    if (!mounts_read(from->sysroot, &mounts, from->arena, NULL))
        return;
    metrics->has_filesystems = true;
    sizes = g_new0(FsSizes, mounts.len);
    for (gsize i = 0; i < mounts.len; i++)
        sizes[i].path = list_at(&mounts, Mount, i)->mount_point;
    fs_sizes_read(from->patience, from->sysops, sizes, mounts.len);
    for (gsize i = 0; i < mounts.len; i++) {
        const Mount *mount = list_at(&mounts, Mount, i);
        FilesystemMetrics *row = list_append(&metrics->filesystems, from->arena, sizeof *row);

        row->mountpoint = mount->mount_point;
        row->type = mount->type;
        row->source = mount->source;
        if (sizes[i].known)
            set_sizes(row, &sizes[i].sizes);
    }
}

static void read_interfaces(const MetricsSource *from, Metrics *metrics)
{
    g_autofree char *text = NULL;
    gsize len;

    metrics->has_interfaces = sysroot_read(from->sysroot, "/proc/net/dev", &text, &len);
    if (metrics->has_interfaces)
        net_dev_parse(text, len, &metrics->interfaces, from->arena);
}

static Amount counter(const DiskCounters *stats, DiskCounter which, guint64 unit)
{
    return (Amount){ stats->counter[which] * unit, stats->has_counter[which] };
}

static void add_disk(const DiskStats *disk, Metrics *metrics, Arena *arena)
{
    const DiskCounters *stats = &disk->stats;
    DiskMetrics *row = list_append(&metrics->disks, arena, sizeof *row);

    *row = (DiskMetrics){
        .name = disk->name,
        .reads = counter(stats, DISK_READ_IOS, 1),
        .read_bytes = counter(stats, DISK_READ_SECTORS, SECTOR_BYTES),
        .read_ms = counter(stats, DISK_READ_TICKS, 1),
        .writes = counter(stats, DISK_WRITE_IOS, 1),
        .write_bytes = counter(stats, DISK_WRITE_SECTORS, SECTOR_BYTES),
        .write_ms = counter(stats, DISK_WRITE_TICKS, 1),
        .in_flight = counter(stats, DISK_IOS_PGR, 1),
        .busy_ms = counter(stats, DISK_TOTAL_TICKS, 1),
        .weighted_ms = counter(stats, DISK_WEIGHT_TICKS, 1),
        .discards = counter(stats, DISK_DISCARD_IOS, 1),
        .discard_bytes = counter(stats, DISK_DISCARD_SECTORS, SECTOR_BYTES),
        .discard_ms = counter(stats, DISK_DISCARD_TICKS, 1),
        .flushes = counter(stats, DISK_FLUSH_IOS, 1),
        .flush_ms = counter(stats, DISK_FLUSH_TICKS, 1),
    };
}

/* Leaves out unused loop devices and RAM disks, of which every system has dozens. */
static gboolean was_used(const DiskStats *disk)
{
    for (gsize i = 0; i < DISK_N_COUNTERS; i++)
        if (disk->stats.counter[i] != 0)
            return TRUE;
    return FALSE;
}

static void read_disks(const MetricsSource *from, Metrics *metrics)
{
    List disks = { NULL };
    g_autofree char *text = NULL;
    gsize len;

    metrics->has_disks = sysroot_read(from->sysroot, "/proc/diskstats", &text, &len);
    if (metrics->has_disks)
        diskstats_parse(text, len, &disks, from->arena);
    for (gsize i = 0; i < disks.len; i++)
        if (was_used(list_at(&disks, DiskStats, i)))
            add_disk(list_at(&disks, DiskStats, i), metrics, from->arena);
}

/* The number after the slash in "0.00 0.01 0.05 1/234 5678" (proc_loadavg(5)). */
static gboolean read_task_count(const Sysroot *sysroot, Amount *total)
{
    g_autofree char *text = NULL;
    Piece line, word;
    gsize len;
    char *slash;

    if (!sysroot_read(sysroot, "/proc/loadavg", &text, &len))
        return FALSE;
    slash = strchr(text, '/');
    if (!slash)
        return FALSE;
    line = (Piece){ slash + 1, len - (gsize)(slash + 1 - text) };
    total->known = next_word(&line, &word) && piece_to_uint64(&word, &total->value);
    return total->known;
}

static void read_processes(const MetricsSource *from, Metrics *metrics)
{
    ProcessMetrics *processes = &metrics->processes;
    const Wanted stat[] = {
        { "procs_running", &processes->running, 1 },
        { "procs_blocked", &processes->blocked, 1 },
        { "processes", &processes->forks, 1 },
    };

    metrics->has_processes = read_figures(from->sysroot, "/proc/stat", stat, G_N_ELEMENTS(stat));
    if (read_task_count(from->sysroot, &processes->total))
        metrics->has_processes = true;
}

static void read_users(const MetricsSource *from, Metrics *metrics)
{
    List users = { NULL };

    collect_logins(from->sysroot, &users, from->arena);
    metrics->users = (Amount){ users.len, true };
}

void metrics_read(const MetricsSource *from, Part part, Metrics *metrics)
{
    static void (*const readers[N_PARTS])(const MetricsSource *from, Metrics *metrics) = {
        [PART_MEMORY] = read_memory,         [PART_LOAD] = read_load,
        [PART_PRESSURE] = read_pressure,     [PART_UPTIME] = read_uptime,
        [PART_CPU] = read_cpu,               [PART_FILESYSTEMS] = read_filesystems,
        [PART_INTERFACES] = read_interfaces, [PART_DISKS] = read_disks,
        [PART_PROCESSES] = read_processes,   [PART_USERS] = read_users,
    };

    readers[part](from, metrics);
}
