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
    AMOUNT(MemoryMetrics, total, "total-bytes", "what the kernel has to use"),
    AMOUNT(MemoryMetrics, free, "free-bytes", "not used for anything"),
    AMOUNT(MemoryMetrics, available, "available-bytes",
           "what processes can get without swapping, by the kernel's estimate"),
    AMOUNT(MemoryMetrics, buffers, "buffers-bytes", "cache of block devices"),
    AMOUNT(MemoryMetrics, cached, "cached-bytes", "cache of files, with shared memory"),
    AMOUNT(MemoryMetrics, dirty, "dirty-bytes", "of the caches, what is not yet written"),
    AMOUNT(MemoryMetrics, shared, "shared-bytes", "shared memory and tmpfs"),
    AMOUNT(MemoryMetrics, swap_total, "swap-total-bytes", "size of all swap areas"),
    AMOUNT(MemoryMetrics, swap_free, "swap-free-bytes", "of them, what is not used"),
    AMOUNT(MemoryMetrics, swapped_in, "swapped-in-bytes", "read from swap since the start"),
    AMOUNT(MemoryMetrics, swapped_out, "swapped-out-bytes", "written to swap since the start"));

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
    REQUIRED(Stall, total_us, "total-us", &type_uint64, .doc = "microseconds since the start"));

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
    REQUIRED(CpuMetrics, cpus, "online", &type_uint64, .doc = "number of CPUs in use"),
    TIME(user, "user-ms", "in processes, milliseconds of all CPUs together, as all of these"),
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
             .doc = "where it is mounted first"),
    REQUIRED(FilesystemMetrics, type, "type", &type_string, .doc = "kind of filesystem"),
    REQUIRED(FilesystemMetrics, source, "source", &type_string, .doc = "what is mounted there"),
    AMOUNT(FilesystemMetrics, total, "total-bytes",
           "size; the figures are absent if it does not answer in time"),
    AMOUNT(FilesystemMetrics, free, "free-bytes", "free space for root"),
    AMOUNT(FilesystemMetrics, available, "available-bytes", "free space for users"),
    AMOUNT(FilesystemMetrics, inodes, "inodes", "number of inodes, where it is fixed"),
    AMOUNT(FilesystemMetrics, inodes_free, "inodes-free", "of them, free ones"));

#define COUNTER(member, wire, what)                                                                \
    REQUIRED(InterfaceCounters, member, wire, &type_uint64, .doc = what)

static const Type interface_type = OBJECT(
    InterfaceCounters, "GuestdInterface",
    REQUIRED(InterfaceCounters, name, "name", &type_string, .doc = "the interface"),
    COUNTER(rx_bytes, "rx-bytes", "bytes received"),
    COUNTER(rx_packets, "rx-packets", "packets received"),
    COUNTER(rx_errs, "rx-errs", "faulty packets received"),
    COUNTER(rx_dropped, "rx-dropped", "packets dropped when received"),
    COUNTER(tx_bytes, "tx-bytes", "bytes sent"), COUNTER(tx_packets, "tx-packets", "packets sent"),
    COUNTER(tx_errs, "tx-errs", "errors of sending"),
    COUNTER(tx_dropped, "tx-dropped", "packets dropped when sent"));

static const Type disk_type = OBJECT(
    DiskMetrics, "GuestdDisk",
    REQUIRED(DiskMetrics, name, "name", &type_string, .doc = "the disk or partition"),
    AMOUNT(DiskMetrics, reads, "reads", "reads completed"),
    AMOUNT(DiskMetrics, read_bytes, "read-bytes", "bytes read"),
    AMOUNT(DiskMetrics, read_ms, "read-ms", "time of all reads, milliseconds"),
    AMOUNT(DiskMetrics, writes, "writes", "writes completed"),
    AMOUNT(DiskMetrics, write_bytes, "write-bytes", "bytes written"),
    AMOUNT(DiskMetrics, write_ms, "write-ms", "time of all writes, milliseconds"),
    AMOUNT(DiskMetrics, in_flight, "in-flight", "requests under way"),
    AMOUNT(DiskMetrics, busy_ms, "busy-ms", "time with requests under way, milliseconds"),
    AMOUNT(DiskMetrics, weighted_ms, "weighted-ms", "that, times their number, milliseconds"),
    AMOUNT(DiskMetrics, discards, "discards", "discards completed"),
    AMOUNT(DiskMetrics, discard_bytes, "discard-bytes", "bytes discarded"),
    AMOUNT(DiskMetrics, discard_ms, "discard-ms", "time of all discards, milliseconds"),
    AMOUNT(DiskMetrics, flushes, "flushes", "flushes completed"),
    AMOUNT(DiskMetrics, flush_ms, "flush-ms", "time of all flushes, milliseconds"));

static const Type process_type = OBJECT(
    ProcessMetrics, "GuestdProcesses",
    AMOUNT(ProcessMetrics, total, "total", "processes and their threads"),
    AMOUNT(ProcessMetrics, running, "running", "of them, running or ready to run"),
    AMOUNT(ProcessMetrics, blocked, "blocked", "of them, waiting for I/O to complete"),
    AMOUNT(ProcessMetrics, forks, "forks", "processes and threads made since the start"));

const Type metrics_type = OBJECT(
    Metrics, "GuestdMetrics",
    REQUIRED(Metrics, time_ns, "time-ns", &type_int,
             .doc = "when this was taken, nanoseconds since the epoch"),
    OPTIONAL(Metrics, memory, "memory", &memory_type, .doc = "memory and swap"),
    OPTIONAL(Metrics, load, "load", &load_type, .doc = "load averages"),
    OPTIONAL(Metrics, pressure, "pressure", &pressure_type,
             .doc = "what tasks wait for; not all kernels tell"),
    AMOUNT(Metrics, uptime_ms, "uptime-ms", "milliseconds since the start of the system"),
    OPTIONAL(Metrics, cpu, "cpu", &cpu_type, .doc = "how the CPUs spent their time"),
    OPTIONAL(Metrics, filesystems, "filesystems", LIST_OF(&filesystem_type),
             .doc = "those of guest-get-fsinfo, the first mounted first"),
    OPTIONAL(Metrics, interfaces, "interfaces", LIST_OF(&interface_type),
             .doc = "counters of the network interfaces"),
    OPTIONAL(Metrics, disks, "disks", LIST_OF(&disk_type),
             .doc = "counters of the disks and partitions that were used"),
    OPTIONAL(Metrics, processes, "processes", &process_type, .doc = "numbers of processes"),
    AMOUNT(Metrics, users, "users", "number of users who are logged in"));
