/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/metrics/types.h"

/* A figure that may be missing, in the struct @S. */
#define AMOUNT(S, member, wire, what)                                                              \
    { .name = wire, .type = &type_uint64, .offset = offsetof(S, member.value),                     \
      .has_offset = offsetof(S, member.known), .flags = FIELD_OPTIONAL, .doc = what }
/* An object type with the fields that follow. */
#define OBJECT(S, wire, ...)                                                                       \
    { .kind = TYPE_OBJECT, .name = wire, .size = sizeof(S),                                        \
      .fields = (const Field[]){ __VA_ARGS__, FIELDS_END } }
#define LIST_OF(type)                                                                              \
    &((const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = type })

const Type metrics_part = {
    .kind = TYPE_ENUM,
    .name = "GuestdMetricsPart",
    .size = sizeof(int),
    .values = (const char *const[]){ "memory", "load", "pressure", "uptime", "cpu", "filesystems",
                                     "interfaces", "disks", "processes", "users", NULL },
};

static const Type memory_type = OBJECT(
    MemoryMetrics, "GuestdMemory",
    AMOUNT(MemoryMetrics, total, "total-bytes", "memory that the kernel can use"),
    AMOUNT(MemoryMetrics, free, "free-bytes", "unused memory"),
    AMOUNT(MemoryMetrics, available, "available-bytes",
           "memory available to processes without swapping, by the kernel's estimate"),
    AMOUNT(MemoryMetrics, buffers, "buffers-bytes", "cache of block devices"),
    AMOUNT(MemoryMetrics, cached, "cached-bytes", "cache of files, including shared memory"),
    AMOUNT(MemoryMetrics, dirty, "dirty-bytes", "part of the caches that is not yet written"),
    AMOUNT(MemoryMetrics, shared, "shared-bytes", "shared memory and tmpfs"),
    AMOUNT(MemoryMetrics, swap_total, "swap-total-bytes", "size of all swap areas"),
    AMOUNT(MemoryMetrics, swap_free, "swap-free-bytes", "unused part of the swap areas"),
    AMOUNT(MemoryMetrics, swapped_in, "swapped-in-bytes", "read from swap since boot"),
    AMOUNT(MemoryMetrics, swapped_out, "swapped-out-bytes", "written to swap since boot"));

static const Type load_type =
    OBJECT(LoadMetrics, "GuestdLoad",
           REQUIRED(LoadMetrics, load15m, "load15m", &type_number, .doc = "over 15 minutes"),
           REQUIRED(LoadMetrics, load5m, "load5m", &type_number, .doc = "over 5 minutes"),
           REQUIRED(LoadMetrics, load1m, "load1m", &type_number, .doc = "over 1 minute"));

static const Type stall_type = OBJECT(
    Stall, "GuestdStall",
    REQUIRED(Stall, avg10, "avg10", &type_number, .doc = "percent of the last 10 seconds"),
    REQUIRED(Stall, avg60, "avg60", &type_number, .doc = "percent of the last 60 seconds"),
    REQUIRED(Stall, avg300, "avg300", &type_number, .doc = "percent of the last 300 seconds"),
    REQUIRED(Stall, total_us, "total-us", &type_uint64, .doc = "microseconds since boot"));

static const Type resource_type =
    OBJECT(Pressure, "GuestdStalls",
           OPTIONAL(Pressure, some, "some", &stall_type, .doc = "time with some task stalled"),
           OPTIONAL(Pressure, full, "full", &stall_type, .doc = "time with every task stalled"));

static const Type pressure_type =
    OBJECT(PressureMetrics, "GuestdPressure",
           OPTIONAL(PressureMetrics, cpu, "cpu", &resource_type, .doc = "waiting for a CPU"),
           OPTIONAL(PressureMetrics, memory, "memory", &resource_type, .doc = "waiting for memory"),
           OPTIONAL(PressureMetrics, io, "io", &resource_type, .doc = "waiting for I/O"));

#define TIME(member, wire, what)                                                                   \
    REQUIRED(CpuMetrics, times.member, wire, &type_uint64, .doc = what)
#define TIME_OPTIONAL(member, wire, what)                                                          \
    { .name = wire, .type = &type_uint64, .offset = offsetof(CpuMetrics, times.member),            \
      .has_offset = offsetof(CpuMetrics, times.has_##member), .flags = FIELD_OPTIONAL, .doc = what }

static const Type cpu_type = OBJECT(
    CpuMetrics, "GuestdCpu",
    REQUIRED(CpuMetrics, cpus, "online", &type_uint64, .doc = "number of CPUs that are online"),
    TIME(user, "user-ms", "in user mode, milliseconds of all CPUs together, as are the following"),
    TIME(nice, "nice-ms", "in niced processes"), TIME(system, "system-ms", "in the kernel"),
    TIME(idle, "idle-ms", "idle"), TIME_OPTIONAL(iowait, "iowait-ms", "waiting for I/O"),
    TIME_OPTIONAL(irq, "irq-ms", "servicing interrupts"),
    TIME_OPTIONAL(softirq, "softirq-ms", "servicing softirqs"),
    TIME_OPTIONAL(steal, "steal-ms", "stolen by the host"),
    TIME_OPTIONAL(guest, "guest-ms", "running a guest; part of user-ms"),
    TIME_OPTIONAL(guest_nice, "guest-nice-ms", "running a niced guest; part of nice-ms"));

static const Type filesystem_type = OBJECT(
    FilesystemMetrics, "GuestdFilesystem",
    REQUIRED(FilesystemMetrics, mountpoint, "mountpoint", &type_string,
             .doc = "mount point, the first one"),
    REQUIRED(FilesystemMetrics, type, "type", &type_string, .doc = "type of the filesystem"),
    REQUIRED(FilesystemMetrics, source, "source", &type_string, .doc = "device or other source"),
    AMOUNT(FilesystemMetrics, total, "total-bytes",
           "size; the figures are absent if the filesystem does not respond in time"),
    AMOUNT(FilesystemMetrics, free, "free-bytes", "free space for root"),
    AMOUNT(FilesystemMetrics, available, "available-bytes", "free space for users"),
    AMOUNT(FilesystemMetrics, inodes, "inodes", "number of inodes, unless it is dynamic"),
    AMOUNT(FilesystemMetrics, inodes_free, "inodes-free", "number of free inodes"));

#define COUNTER(member, wire, what)                                                                \
    REQUIRED(InterfaceCounters, member, wire, &type_uint64, .doc = what)

static const Type interface_type = OBJECT(
    InterfaceCounters, "GuestdInterface",
    REQUIRED(InterfaceCounters, name, "name", &type_string, .doc = "name of the interface"),
    COUNTER(rx_bytes, "rx-bytes", "bytes received"),
    COUNTER(rx_packets, "rx-packets", "packets received"),
    COUNTER(rx_errs, "rx-errs", "packets received with errors"),
    COUNTER(rx_dropped, "rx-dropped", "received packets that were dropped"),
    COUNTER(tx_bytes, "tx-bytes", "bytes sent"), COUNTER(tx_packets, "tx-packets", "packets sent"),
    COUNTER(tx_errs, "tx-errs", "errors in sending"),
    COUNTER(tx_dropped, "tx-dropped", "packets to send that were dropped"));

static const Type disk_type = OBJECT(
    DiskMetrics, "GuestdDisk",
    REQUIRED(DiskMetrics, name, "name", &type_string, .doc = "name of the disk or partition"),
    AMOUNT(DiskMetrics, reads, "reads", "reads completed"),
    AMOUNT(DiskMetrics, read_bytes, "read-bytes", "bytes read"),
    AMOUNT(DiskMetrics, read_ms, "read-ms", "time of all reads, milliseconds"),
    AMOUNT(DiskMetrics, writes, "writes", "writes completed"),
    AMOUNT(DiskMetrics, write_bytes, "write-bytes", "bytes written"),
    AMOUNT(DiskMetrics, write_ms, "write-ms", "time of all writes, milliseconds"),
    AMOUNT(DiskMetrics, in_flight, "in-flight", "requests in progress"),
    AMOUNT(DiskMetrics, busy_ms, "busy-ms", "time with requests in progress, milliseconds"),
    AMOUNT(DiskMetrics, weighted_ms, "weighted-ms", "the same, weighted by the number of requests, "
                                                    "milliseconds"),
    AMOUNT(DiskMetrics, discards, "discards", "discards completed"),
    AMOUNT(DiskMetrics, discard_bytes, "discard-bytes", "bytes discarded"),
    AMOUNT(DiskMetrics, discard_ms, "discard-ms", "time of all discards, milliseconds"),
    AMOUNT(DiskMetrics, flushes, "flushes", "flushes completed"),
    AMOUNT(DiskMetrics, flush_ms, "flush-ms", "time of all flushes, milliseconds"));

static const Type process_type = OBJECT(
    ProcessMetrics, "GuestdProcesses",
    AMOUNT(ProcessMetrics, total, "total", "number of processes and threads"),
    AMOUNT(ProcessMetrics, running, "running", "of these, running or ready to run"),
    AMOUNT(ProcessMetrics, blocked, "blocked", "of these, waiting for I/O to complete"),
    AMOUNT(ProcessMetrics, forks, "forks", "processes and threads created since boot"));

const Type metrics_type = OBJECT(
    Metrics, "GuestdMetrics",
    REQUIRED(Metrics, time_ns, "time-ns", &type_int,
             .doc = "time of these figures, nanoseconds since the epoch"),
    OPTIONAL(Metrics, memory, "memory", &memory_type, .doc = "memory and swap"),
    OPTIONAL(Metrics, load, "load", &load_type, .doc = "load averages"),
    OPTIONAL(Metrics, pressure, "pressure", &pressure_type,
             .doc = "time that tasks wait for resources, if the kernel reports it"),
    AMOUNT(Metrics, uptime_ms, "uptime-ms", "milliseconds since boot"),
    OPTIONAL(Metrics, cpu, "cpu", &cpu_type, .doc = "how the CPUs spent their time"),
    OPTIONAL(Metrics, filesystems, "filesystems", LIST_OF(&filesystem_type),
             .doc = "the filesystems of guest-get-fsinfo, in mount order"),
    OPTIONAL(Metrics, interfaces, "interfaces", LIST_OF(&interface_type),
             .doc = "counters of the network interfaces"),
    OPTIONAL(Metrics, disks, "disks", LIST_OF(&disk_type),
             .doc = "counters of the disks and partitions that were used since boot"),
    OPTIONAL(Metrics, processes, "processes", &process_type, .doc = "numbers of processes"),
    AMOUNT(Metrics, users, "users", "number of users who are logged in"));
