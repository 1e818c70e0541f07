/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/table.h"
#include "host/cli/verb.h"
#include "host/metrics/metrics.h"

/* guestctl VM metrics */

static void print_uptime(Job *job, const Value *metrics)
{
    gint64 minutes = value_int(metrics, "uptime-ms", -1) / 60000;

    if (value_get(metrics, "uptime-ms"))
        job_print(job, "up for %" G_GINT64_FORMAT " days, %d:%02d h\n", minutes / 1440,
                  (int)(minutes / 60 % 24), (int)(minutes % 60));
}

static void print_load(Job *job, const Value *metrics)
{
    const Value *load = value_get(metrics, "load"), *processes = value_get(metrics, "processes");

    if (load)
        job_print(job, "load %.2f, %.2f, %.2f over 1, 5, 15 minutes\n",
                  value_number(load, "load1m", 0), value_number(load, "load5m", 0),
                  value_number(load, "load15m", 0));
    if (processes)
        job_print(job, "%.0f processes, %.0f of them running, %.0f waiting for I/O\n",
                  value_number(processes, "total", 0), value_number(processes, "running", 0),
                  value_number(processes, "blocked", 0));
    if (value_get(metrics, "users"))
        job_print(job, "%.0f users logged in\n", value_number(metrics, "users", 0));
}

/* Since the start of the system. */
static void print_cpu(Job *job, const Value *metrics)
{
    static const char *const rows[][2] = {
        { "user-ms", "user" }, { "nice-ms", "nice" },     { "system-ms", "system" },
        { "irq-ms", "irq" },   { "softirq-ms", "softirq" }, { "iowait-ms", "waiting for I/O" },
        { "steal-ms", "stolen" }, { "idle-ms", "idle" },
    };
    const Value *cpu = value_get(metrics, "cpu");
    const char *comma = "";
    double all = 0;

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        all += value_number(cpu, rows[i][0], 0);
    if (!cpu || all <= 0)
        return;
    job_print(job, "%.0f CPUs, since the start: ", value_number(cpu, "online", 0));
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        double part = 100 * value_number(cpu, rows[i][0], 0) / all;

        if (part < 0.05)
            continue;
        job_print(job, "%s%.1f %% %s", comma, part, rows[i][1]);
        comma = ", ";
    }
    job_print(job, "\n");
}

static void print_memory(Job *job, const Value *metrics)
{
    static const char *const heads[] = { "MEMORY", ">SIZE", ">AVAILABLE", ">FREE", NULL };
    const Value *memory = value_get(metrics, "memory");
    g_autoptr(Table) table = table_new(heads);

    if (!memory)
        return;
    table_cell(table, "memory");
    table_size(table, value_int(memory, "total-bytes", -1));
    table_size(table, value_int(memory, "available-bytes", -1));
    table_size(table, value_int(memory, "free-bytes", -1));
    table_cell(table, "swap");
    table_size(table, value_int(memory, "swap-total-bytes", -1));
    table_cell(table, NULL);
    table_size(table, value_int(memory, "swap-free-bytes", -1));
    job_print(job, "\n");
    table_print(table, "", job->text);
}

static void fs_row(Table *table, const Value *fs)
{
    double total = value_number(fs, "total-bytes", 0);

    table_cell(table, value_string(fs, "mountpoint", NULL));
    table_cell(table, value_string(fs, "type", NULL));
    table_size(table, value_int(fs, "total-bytes", -1));
    table_size(table, value_int(fs, "available-bytes", -1));
    if (total > 0)
        table_cellf(table, "%.0f %%", 100 * value_number(fs, "available-bytes", 0) / total);
    else
        table_cell(table, NULL);
}

static void interface_row(Table *table, const Value *interface)
{
    table_cell(table, value_string(interface, "name", NULL));
    table_size(table, value_int(interface, "rx-bytes", -1));
    table_size(table, value_int(interface, "tx-bytes", -1));
    table_cellf(table, "%.0f", value_number(interface, "rx-errs", 0) +
                                   value_number(interface, "tx-errs", 0));
    table_cellf(table, "%.0f", value_number(interface, "rx-dropped", 0) +
                                   value_number(interface, "tx-dropped", 0));
}

static void disk_row(Table *table, const Value *disk)
{
    table_cell(table, value_string(disk, "name", NULL));
    table_cellf(table, "%.0f", value_number(disk, "reads", 0));
    table_size(table, value_int(disk, "read-bytes", -1));
    table_cellf(table, "%.0f", value_number(disk, "writes", 0));
    table_size(table, value_int(disk, "write-bytes", -1));
}

static void print_list(Job *job, const Value *list, const char *const *heads,
                       void (*row)(Table *table, const Value *element))
{
    g_autoptr(Table) table = table_new(heads);

    if (!value_first(list))
        return;
    VALUE_EACH (element, list)
        row(table, element);
    job_print(job, "\n");
    table_print(table, "", job->text);
}

static gboolean metrics_run(Job *job, GError **error)
{
    static const char *const filesystems[] = { "FILESYSTEM", "TYPE", ">SIZE", ">AVAILABLE", ">",
                                               NULL };
    static const char *const interfaces[] = { "INTERFACE", ">RECEIVED", ">SENT", ">ERRORS",
                                              ">DROPPED", NULL };
    static const char *const disks[] = { "DISK", ">READS", ">READ", ">WRITES", ">WRITTEN", NULL };
    g_autoptr(Arena) arena = arena_new();
    gboolean composed;
    gint64 until = g_get_monotonic_time() + job->context->timeout_ms * 1000;
    const Value *metrics = metrics_ask(job->vm, until, arena, &composed, error);

    if (!metrics)
        return FALSE;
    print_uptime(job, metrics);
    print_load(job, metrics);
    print_cpu(job, metrics);
    print_memory(job, metrics);
    print_list(job, value_get(metrics, "filesystems"), filesystems, fs_row);
    print_list(job, value_get(metrics, "interfaces"), interfaces, interface_row);
    print_list(job, value_get(metrics, "disks"), disks, disk_row);
    if (composed)
        job_print(job, "\nmemory, uptime and processes: only reported by guestd\n");
    job_json_value(job, metrics);
    return TRUE;
}

const Verb verb_metrics = {
    .name = "metrics",
    .summary = "Show load, memory, filesystems, network and disks of the guest",
    .doc = "--json prints the members of guestd-metrics, for other agents only those that they report.",
    .run = metrics_run,
};
