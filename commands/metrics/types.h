/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/schema.h"
#include "commands/parse/diskstats.h"
#include "commands/parse/net-dev.h"
#include "commands/parse/pressure.h"
#include "commands/parse/proc-stat.h"

/* The result of guestd-metrics and its tables. Figures that a system does not have are absent. */

/* The parts that a host can request, in the order of their names in metrics_part. */
typedef enum {
    PART_MEMORY,
    PART_LOAD,
    PART_PRESSURE,
    PART_UPTIME,
    PART_CPU,
    PART_FILESYSTEMS,
    PART_INTERFACES,
    PART_DISKS,
    PART_PROCESSES,
    PART_USERS,
    N_PARTS,
} Part;

/* A figure that may be missing. */
typedef struct {
    guint64 value;
    bool known;
} Amount;

typedef struct {
    Amount total, free, available, buffers, cached, dirty, shared;
    Amount swap_total, swap_free, swapped_in, swapped_out;
} MemoryMetrics;

typedef struct {
    double load15m, load5m, load1m;
} LoadMetrics;

typedef struct {
    bool has_cpu, has_memory, has_io;
    Pressure cpu, memory, io;
} PressureMetrics;

typedef struct {
    guint64 cpus;
    CpuTimes times;
} CpuMetrics;

typedef struct {
    const char *mountpoint;
    const char *type;
    const char *source;
    Amount total, free, available, inodes, inodes_free;
} FilesystemMetrics;

typedef struct {
    const char *name;
    Amount reads, read_bytes, read_ms, writes, write_bytes, write_ms;
    Amount in_flight, busy_ms, weighted_ms;
    Amount discards, discard_bytes, discard_ms, flushes, flush_ms;
} DiskMetrics;

typedef struct {
    Amount total, running, blocked, forks;
} ProcessMetrics;

typedef struct {
    gint64 time_ns;
    bool has_memory, has_load, has_pressure, has_cpu;
    bool has_filesystems, has_interfaces, has_disks, has_processes;
    MemoryMetrics memory;
    LoadMetrics load;
    PressureMetrics pressure;
    Amount uptime_ms;
    CpuMetrics cpu;
    List filesystems; /* of FilesystemMetrics */
    List interfaces;  /* of InterfaceCounters */
    List disks;       /* of DiskMetrics */
    ProcessMetrics processes;
    Amount users;
} Metrics;

extern const Type metrics_part, metrics_type;
