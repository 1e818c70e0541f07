/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "agent/schema/command.h"
#include "commands/parse/diskstats.h"
#include "commands/parse/proc-stat.h"
#include "lib/errors.h"

typedef struct {
    double load15m, load5m, load1m;
} Load;

static const Type load_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestLoadAverage",
    .size = sizeof(Load),
    .fields = (const Field[]){
        REQUIRED(Load, load15m, "load15m", &type_number, .doc = "average over 15 minutes"),
        REQUIRED(Load, load5m, "load5m", &type_number, .doc = "average over 5 minutes"),
        REQUIRED(Load, load1m, "load1m", &type_number, .doc = "average over 1 minute"),
        FIELDS_END,
    },
};

static gboolean get_load_run(Call *call, GError **error)
{
    g_autofree char *text = NULL;
    Load *load = call->result;
    double *const members[] = { &load->load1m, &load->load5m, &load->load15m };
    char *at;

    if (!sysroot_read(call->services->sysroot, "/proc/loadavg", &text, NULL))
        return set_errno_error(error, errno, "cannot query load average");
    at = text;
    for (gsize i = 0; i < G_N_ELEMENTS(members); i++) {
        char *end;

        *members[i] = g_ascii_strtod(at, &end);
        if (end == at)
            return set_error(error, "cannot query load average: /proc/loadavg reads '%s'", text);
        at = end;
    }
    return TRUE;
}

static const Need loadavg_need[] = { { NEED_FILE, "/proc/loadavg", NULL }, NEEDS_END };

static const Command guest_get_load = {
    .name = "guest-get-load",
    .rank = 43,
    .since = "10.0",
    .doc = "Return the load averages",
    .flags = COMMAND_READS,
    .returns = &load_type,
    .needs = loadavg_need,
    .run = get_load_run,
};

static const Type linux_cpu_kind = {
    .kind = TYPE_ENUM,
    .name = "GuestCpuStatsType",
    .size = sizeof(int),
    .values = (const char *const[]){ "linux", NULL },
};

typedef struct {
    int type;
    CpuTimes times;
} CpuStats;

#define CPU_TIME(member, wire, what)                                                               \
    REQUIRED(CpuStats, times.member, wire, &type_uint64, .doc = what ", milliseconds")
#define CPU_TIME_OPTIONAL(member, wire, what)                                                      \
    { .name = wire, .type = &type_uint64, .offset = offsetof(CpuStats, times.member),              \
      .has_offset = offsetof(CpuStats, times.has_##member), .flags = FIELD_OPTIONAL,               \
      .doc = what ", milliseconds" }

static const Type cpu_stats = {
    .kind = TYPE_OBJECT,
    .name = "GuestCpuStats",
    .size = sizeof(CpuStats),
    .fields = (const Field[]){
        REQUIRED(CpuStats, times.cpu, "cpu", &type_int, .doc = "number of the CPU"),
        CPU_TIME_OPTIONAL(guest_nice, "guestnice", "running a niced guest"),
        CPU_TIME(idle, "idle", "idle"),
        CPU_TIME_OPTIONAL(steal, "steal", "stolen by the host"),
        CPU_TIME_OPTIONAL(iowait, "iowait", "waiting for I/O"),
        CPU_TIME(system, "system", "in the kernel"),
        CPU_TIME_OPTIONAL(guest, "guest", "running a guest"),
        CPU_TIME(nice, "nice", "in niced processes"),
        CPU_TIME_OPTIONAL(irq, "irq", "servicing interrupts"),
        REQUIRED(CpuStats, type, "type", &linux_cpu_kind, .doc = "the guest's operating system"),
        CPU_TIME(user, "user", "in user mode"),
        CPU_TIME_OPTIONAL(softirq, "softirq", "servicing softirqs"),
        FIELDS_END,
    },
};

static gboolean get_cpustats_run(Call *call, GError **error)
{
    g_autofree char *text = NULL;
    List cpus = { NULL };
    gsize len;

    if (!sysroot_read(call->services->sysroot, "/proc/stat", &text, &len))
        return set_errno_error(error, errno, "Could not open '/proc/stat'");
    proc_stat_parse(text, len, (guint64)sysconf(_SC_CLK_TCK), &cpus, call->arena);
    for (gsize i = 0; i < cpus.len; i++) {
        CpuStats *row = list_append(call->result, call->arena, sizeof *row);

        row->times = *list_at(&cpus, CpuTimes, i);
    }
    return TRUE;
}

static const Need stat_need[] = { { NEED_FILE, "/proc/stat", NULL }, NEEDS_END };

static const Command guest_get_cpustats = {
    .name = "guest-get-cpustats",
    .rank = 42,
    .since = "7.1",
    .doc = "Return how each CPU spent its time",
    .flags = COMMAND_READS,
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &cpu_stats },
    .needs = stat_need,
    .run = get_cpustats_run,
};

#define COUNTER(which, wire, what)                                                                 \
    { .name = wire, .type = &type_uint64,                                                          \
      .offset = offsetof(DiskCounters, counter) + sizeof(guint64) * (which),                       \
      .has_offset = offsetof(DiskCounters, has_counter) + sizeof(bool) * (which),                  \
      .flags = FIELD_OPTIONAL, .doc = what }

static const Type disk_counters = {
    .kind = TYPE_OBJECT,
    .name = "GuestDiskStats",
    .size = sizeof(DiskCounters),
    .fields = (const Field[]){
        COUNTER(DISK_DISCARD_SECTORS, "discard-sectors", "sectors discarded"),
        COUNTER(DISK_WRITE_IOS, "write-ios", "writes completed"),
        COUNTER(DISK_DISCARD_IOS, "discard-ios", "discards completed"),
        COUNTER(DISK_DISCARD_TICKS, "discard-ticks", "time spent discarding, milliseconds"),
        COUNTER(DISK_WEIGHT_TICKS, "weight-ticks", "time weighted by requests, milliseconds"),
        COUNTER(DISK_READ_IOS, "read-ios", "reads completed"),
        COUNTER(DISK_FLUSH_IOS, "flush-ios", "flushes completed"),
        COUNTER(DISK_WRITE_SECTORS, "write-sectors", "sectors written"),
        COUNTER(DISK_WRITE_MERGES, "write-merges", "writes merged"),
        COUNTER(DISK_WRITE_TICKS, "write-ticks", "time spent writing, milliseconds"),
        COUNTER(DISK_IOS_PGR, "ios-pgr", "requests in progress"),
        COUNTER(DISK_READ_SECTORS, "read-sectors", "sectors read"),
        COUNTER(DISK_READ_MERGES, "read-merges", "reads merged"),
        COUNTER(DISK_TOTAL_TICKS, "total-ticks", "time with requests in progress, milliseconds"),
        COUNTER(DISK_DISCARD_MERGES, "discard-merges", "discards merged"),
        COUNTER(DISK_FLUSH_TICKS, "flush-ticks", "time spent flushing, milliseconds"),
        COUNTER(DISK_READ_TICKS, "read-ticks", "time spent reading, milliseconds"),
        FIELDS_END,
    },
};

static const Type disk_stats = {
    .kind = TYPE_OBJECT,
    .name = "GuestDiskStatsInfo",
    .size = sizeof(DiskStats),
    .fields = (const Field[]){
        REQUIRED(DiskStats, name, "name", &type_string, .doc = "name of the disk or partition"),
        REQUIRED(DiskStats, stats, "stats", &disk_counters, .doc = "its counters"),
        REQUIRED(DiskStats, minor, "minor", &type_uint64, .doc = "minor device number"),
        REQUIRED(DiskStats, major, "major", &type_uint64, .doc = "major device number"),
        FIELDS_END,
    },
};

static gboolean get_diskstats_run(Call *call, GError **error)
{
    g_autofree char *text = NULL;
    gsize len;

    if (!sysroot_read(call->services->sysroot, "/proc/diskstats", &text, &len))
        return set_errno_error(error, errno, "Could not open '/proc/diskstats'");
    diskstats_parse(text, len, call->result, call->arena);
    return TRUE;
}

static const Need diskstats_need[] = { { NEED_FILE, "/proc/diskstats", NULL }, NEEDS_END };

static const Command guest_get_diskstats = {
    .name = "guest-get-diskstats",
    .rank = 41,
    .since = "7.1",
    .doc = "Return the I/O counters of each disk and partition",
    .flags = COMMAND_READS,
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &disk_stats },
    .needs = diskstats_need,
    .run = get_diskstats_run,
};

const Family family_stats = {
    .name = "stats",
    .commands = (const Command *const[]){ &guest_get_diskstats, &guest_get_cpustats,
                                          &guest_get_load, NULL },
};
