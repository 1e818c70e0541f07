/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/schema/command.h"
#include "commands/metrics/read.h"

#define NS_PER_US 1000

typedef struct {
    bool has_parts;
    List parts; /* of int */
} MetricsArgs;

static const Type metrics_args = {
    .kind = TYPE_OBJECT,
    .name = "guestd-metrics",
    .size = sizeof(MetricsArgs),
    .fields = (const Field[]){
        OPTIONAL(MetricsArgs, parts,
                 "parts", &((const Type){ .kind = TYPE_LIST, .size = sizeof(List),
                                          .item = &metrics_part }),
                 .doc = "the parts to return: memory, load, pressure, uptime, cpu, filesystems, "
                        "interfaces, disks, processes, users",
                 .fallback = "everything"),
        FIELDS_END,
    },
};

static gboolean metrics_run(Call *call, GError **error)
{
    const MetricsArgs *args = call->args;
    const MetricsSource from = { call->services->sysroot, call->services->sysops, call->state,
                                 call->arena };
    Metrics *metrics = call->result;
    gboolean wanted[N_PARTS];

    (void)error;
    for (gsize part = 0; part < N_PARTS; part++)
        wanted[part] = !args->has_parts;
    for (gsize i = 0; i < args->parts.len; i++)
        wanted[*list_at(&args->parts, int, i)] = TRUE;
    metrics->time_ns = g_get_real_time() * NS_PER_US;
    for (int part = 0; part < N_PARTS; part++)
        if (wanted[part])
            metrics_read(&from, (Part)part, metrics);
    return TRUE;
}

static const Need metrics_needs[] = {
    { NEED_FILE, "/proc/meminfo", "memory" },
    { NEED_FILE, "/proc/pressure/cpu", "pressure" },
    { NEED_FILE, "/proc/self/mountinfo", "filesystems" },
    { NEED_FILE, "/proc/net/dev", "interfaces" },
    { NEED_FILE, "/proc/diskstats", "disks" },
    { NEED_FILE, "/proc/stat", "CPUs and processes" },
    NEEDS_END,
};

static const Command guestd_metrics = {
    .name = "guestd-metrics",
    .rank = 1020,
    .since = "guestd 0.1",
    .doc = "Return memory, load, CPU, filesystem, network and disk figures in one reply",
    .flags = COMMAND_READS | COMMAND_BLOCKING,
    .args = &metrics_args,
    .returns = &metrics_type,
    .needs = metrics_needs,
    .run = metrics_run,
};

static void *metrics_init(const Services *services, GError **error)
{
    (void)services;
    (void)error;
    return patience_new();
}

static void metrics_free(void *state)
{
    patience_free(state);
}

const Family family_metrics = {
    .name = "metrics",
    .commands = (const Command *const[]){ &guestd_metrics, NULL },
    .init = metrics_init,
    .free = metrics_free,
};
