/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/metrics/exposition-table.h"

#define MS 1e-3
#define US 1e-6

#define OWN(family, type, help)                 { family, type, help, NULL, NULL, 1, NULL, NULL }
#define GAUGE(family, help, path, member)       { family, "gauge", help, path, member, 1, NULL, NULL }
#define COUNTER(family, help, path, member)     { family, "counter", help, path, member, 1, NULL, NULL }
#define SECONDS(family, help, path, member)     { family, "counter", help, path, member, MS, NULL, NULL }
#define CPU(mode, member)                                                                          \
    { "guest_cpu_seconds_total", "counter", "Time that all CPUs together spent in each mode.",     \
      "cpu", member, MS, "mode", mode }
#define STALL(resource, kind)                                                                      \
    { "guest_pressure_" resource "_stalled_seconds_total", "counter",                              \
      "Time in which some or all tasks waited for " resource ".",                                  \
      "pressure." resource "." kind, "total-us", US, "tasks", kind }

const FigureRow figure_rows[] = {
    OWN("guestctl_up", "gauge", "Whether the agent of the guest answered."),
    OWN("guestctl_vm_state", "gauge", "1 for the state that the VM is in, by libvirt."),
    OWN("guestctl_scrape_duration_seconds", "gauge", "How long it took to ask this guest."),
    OWN("guestctl_guestd", "gauge", "Whether the agent is guestd, which tells all of these."),
    OWN("guest_frozen", "gauge", "Whether filesystems are frozen by the agent."),
    { "guest_uptime_seconds", "gauge", "Time since the start of the guest.", "", "uptime-ms", MS,
      NULL, NULL },
    GAUGE("guest_users", "Users who are logged in.", "", "users"),
    GAUGE("guest_load1", "Load average over 1 minute.", "load", "load1m"),
    GAUGE("guest_load5", "Load average over 5 minutes.", "load", "load5m"),
    GAUGE("guest_load15", "Load average over 15 minutes.", "load", "load15m"),
    GAUGE("guest_cpus", "CPUs that are online.", "cpu", "online"),
    CPU("user", "user-ms"),
    CPU("nice", "nice-ms"),
    CPU("system", "system-ms"),
    CPU("idle", "idle-ms"),
    CPU("iowait", "iowait-ms"),
    CPU("irq", "irq-ms"),
    CPU("softirq", "softirq-ms"),
    CPU("steal", "steal-ms"),
    STALL("cpu", "some"),
    STALL("cpu", "full"),
    STALL("memory", "some"),
    STALL("memory", "full"),
    STALL("io", "some"),
    STALL("io", "full"),
    GAUGE("guest_memory_size_bytes", "Memory that the guest's kernel can use.", "memory", "total-bytes"),
    GAUGE("guest_memory_free_bytes", "Memory not used for anything.", "memory", "free-bytes"),
    GAUGE("guest_memory_available_bytes", "Memory for processes, without swapping.", "memory",
          "available-bytes"),
    GAUGE("guest_memory_buffers_bytes", "Cache of block devices.", "memory", "buffers-bytes"),
    GAUGE("guest_memory_cached_bytes", "Cache of files.", "memory", "cached-bytes"),
    GAUGE("guest_memory_dirty_bytes", "Cache that is not yet written.", "memory", "dirty-bytes"),
    GAUGE("guest_memory_shared_bytes", "Shared memory and tmpfs.", "memory", "shared-bytes"),
    GAUGE("guest_swap_size_bytes", "Size of all swap areas.", "memory", "swap-total-bytes"),
    GAUGE("guest_swap_free_bytes", "Swap that is not used.", "memory", "swap-free-bytes"),
    COUNTER("guest_swap_in_bytes_total", "Read from swap.", "memory", "swapped-in-bytes"),
    COUNTER("guest_swap_out_bytes_total", "Written to swap.", "memory", "swapped-out-bytes"),
    GAUGE("guest_processes", "Processes and their threads.", "processes", "total"),
    GAUGE("guest_processes_running", "Of them, running or ready to run.", "processes", "running"),
    GAUGE("guest_processes_blocked", "Of them, waiting for I/O.", "processes", "blocked"),
    COUNTER("guest_forks_total", "Processes and threads that were made.", "processes", "forks"),
    GAUGE("guest_filesystem_size_bytes", "Size of the filesystem.", "filesystems", "total-bytes"),
    GAUGE("guest_filesystem_free_bytes", "Free space for root.", "filesystems", "free-bytes"),
    GAUGE("guest_filesystem_available_bytes", "Free space for users.", "filesystems",
          "available-bytes"),
    GAUGE("guest_filesystem_inodes", "Number of inodes.", "filesystems", "inodes"),
    GAUGE("guest_filesystem_inodes_free", "Free inodes.", "filesystems", "inodes-free"),
    COUNTER("guest_network_receive_bytes_total", "Bytes received.", "interfaces", "rx-bytes"),
    COUNTER("guest_network_receive_packets_total", "Packets received.", "interfaces", "rx-packets"),
    COUNTER("guest_network_receive_errors_total", "Faulty packets received.", "interfaces",
            "rx-errs"),
    COUNTER("guest_network_receive_drops_total", "Packets dropped when received.", "interfaces",
            "rx-dropped"),
    COUNTER("guest_network_transmit_bytes_total", "Bytes sent.", "interfaces", "tx-bytes"),
    COUNTER("guest_network_transmit_packets_total", "Packets sent.", "interfaces", "tx-packets"),
    COUNTER("guest_network_transmit_errors_total", "Errors of sending.", "interfaces", "tx-errs"),
    COUNTER("guest_network_transmit_drops_total", "Packets dropped when sent.", "interfaces",
            "tx-dropped"),
    COUNTER("guest_disk_reads_total", "Reads completed.", "disks", "reads"),
    COUNTER("guest_disk_read_bytes_total", "Bytes read.", "disks", "read-bytes"),
    SECONDS("guest_disk_read_time_seconds_total", "Time of all reads.", "disks", "read-ms"),
    COUNTER("guest_disk_writes_total", "Writes completed.", "disks", "writes"),
    COUNTER("guest_disk_written_bytes_total", "Bytes written.", "disks", "write-bytes"),
    SECONDS("guest_disk_write_time_seconds_total", "Time of all writes.", "disks", "write-ms"),
    GAUGE("guest_disk_requests_in_flight", "Requests under way.", "disks", "in-flight"),
    SECONDS("guest_disk_io_time_seconds_total", "Time with requests under way.", "disks", "busy-ms"),
    SECONDS("guest_disk_io_time_weighted_seconds_total",
            "Time with requests under way, times their number.", "disks", "weighted-ms"),
    COUNTER("guest_disk_discards_total", "Discards completed.", "disks", "discards"),
    COUNTER("guest_disk_discarded_bytes_total", "Bytes discarded.", "disks", "discard-bytes"),
    SECONDS("guest_disk_discard_time_seconds_total", "Time of all discards.", "disks",
            "discard-ms"),
    COUNTER("guest_disk_flushes_total", "Flushes completed.", "disks", "flushes"),
    SECONDS("guest_disk_flush_time_seconds_total", "Time of all flushes.", "disks", "flush-ms"),
    { NULL },
};

const FigureList figure_lists[] = {
    { "filesystems", { { "mountpoint", "mountpoint" }, { "type", "fstype" }, { "source", "device" } } },
    { "interfaces", { { "name", "interface" } } },
    { "disks", { { "name", "disk" } } },
    { NULL },
};
