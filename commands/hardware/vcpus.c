/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <dirent.h>
#include <errno.h>

#include "agent/schema/command.h"
#include "commands/hardware/sysfs-online.h"
#include "commands/parse/uevent.h"
#include "lib/errors.h"

typedef struct {
    bool online;
    bool has_can_offline;
    bool can_offline;
    gint64 logical_id;
} LogicalCpu;

#define ONLINE                                                                                     \
    REQUIRED(LogicalCpu, online, "online", &type_bool, .doc = "whether it is in use")
#define CAN_OFFLINE                                                                                \
    OPTIONAL(LogicalCpu, can_offline, "can-offline", &type_bool,                                   \
             .doc = "whether it can be put offline; ignored as an argument")
#define LOGICAL_ID                                                                                 \
    REQUIRED(LogicalCpu, logical_id, "logical-id", &type_int, .doc = "the kernel's number of it")

static const Type logical_cpu = {
    .kind = TYPE_OBJECT,
    .name = "GuestLogicalProcessor",
    .size = sizeof(LogicalCpu),
    .fields = (const Field[]){ ONLINE, CAN_OFFLINE, LOGICAL_ID, FIELDS_END },
};

/* Arguments are checked in the order of QEMU's schema. */
static const Type logical_cpu_given = {
    .kind = TYPE_OBJECT,
    .name = "GuestLogicalProcessor",
    .size = sizeof(LogicalCpu),
    .fields = (const Field[]){ LOGICAL_ID, ONLINE, CAN_OFFLINE, FIELDS_END },
};

/* Ends with a slash, as in QEMU's error texts. */
static char *directory_of(gint64 cpu)
{
    return g_strdup_printf(CPU_DIR "/cpu%" G_GINT64_FORMAT "/", cpu);
}

/*
 * Reads the state of the CPU in @directory from its attribute @path. Sets @error if the CPU does
 * not exist, or if the attribute cannot be read.
 */
static SwitchState read_state(const Sysroot *sysroot, const char *directory, const char *path,
                              GError **error)
{
    SwitchState state = cpu_switch_read(sysroot, path);
    int failed = errno, missing;

    if (state != SWITCH_FAILED && state != SWITCH_ABSENT)
        return state;
    missing = directory_errno(sysroot, directory);
    if (missing)
        set_errno_error(error, missing, "Could not open '%s'", directory);
    else if (state == SWITCH_FAILED && failed)
        set_errno_error(error, failed, "could not open %s", path);
    else if (state == SWITCH_FAILED)
        set_error(error, "pread(\"%s\"): unexpected EOF", path);
    return missing ? SWITCH_FAILED : state;
}

static gboolean describe(const Sysroot *sysroot, LogicalCpu *cpu, GError **error)
{
    g_autofree char *directory = directory_of(cpu->logical_id);
    g_autofree char *path = g_strconcat(directory, "/online", NULL);
    SwitchState state = read_state(sysroot, directory, path, error);

    cpu->online = state != SWITCH_OFFLINE;
    cpu->has_can_offline = true;
    cpu->can_offline = state != SWITCH_ABSENT;
    return state != SWITCH_FAILED;
}

static gboolean get_vcpus_run(Call *call, GError **error)
{
    const Sysroot *sysroot = call->services->sysroot;
    g_auto(GStrv) names = sysroot_list_dir(sysroot, CPU_DIR, DT_UNKNOWN);
    List *cpus = call->result;
    guint64 number;

    if (!names)
        return set_errno_error(error, errno, "failed to list entries: %s", CPU_DIR);
    for (gsize i = 0; names[i]; i++) {
        LogicalCpu *cpu;

        if (!pluggable_number(names[i], "cpu", &number) || number > G_MAXINT64)
            continue;
        cpu = list_append(cpus, call->arena, sizeof *cpu);
        cpu->logical_id = (gint64)number;
        if (!describe(sysroot, cpu, error))
            return FALSE;
    }
    /* libvirt takes an empty list for an error of the agent. */
    return cpus->len > 0 || set_error(error, "guest reported zero VCPUs");
}

static const Need cpu_needs[] = { { NEED_FILE, CPU_DIR, NULL }, NEEDS_END };

static const Command guest_get_vcpus = {
    .name = "guest-get-vcpus",
    .rank = 23,
    .since = "1.5",
    .doc = "List the CPUs, in the order of the kernel's directory",
    .flags = COMMAND_READS | COMMAND_BLOCKING,
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &logical_cpu },
    .needs = cpu_needs,
    .run = get_vcpus_run,
};

typedef struct {
    List vcpus; /* of LogicalCpu */
} SetVcpusArgs;

static const Type set_vcpus_args = {
    .kind = TYPE_OBJECT,
    .name = "guest-set-vcpus",
    .size = sizeof(SetVcpusArgs),
    .fields = (const Field[]){
        REQUIRED(SetVcpusArgs, vcpus,
                 "vcpus", &((const Type){ .kind = TYPE_LIST, .size = sizeof(List),
                                          .item = &logical_cpu_given }),
                 .flags = FIELD_AUDITED, .doc = "the CPUs to put online or offline, in order"),
        FIELDS_END,
    },
};

static gboolean set_cpu(const Services *services, const LogicalCpu *cpu, GError **error)
{
    g_autofree char *directory = directory_of(cpu->logical_id);
    g_autofree char *path = g_strconcat(directory, "/online", NULL);
    SwitchState state = read_state(services->sysroot, directory, path, error);

    if (state == SWITCH_FAILED)
        return FALSE;
    if (state == SWITCH_ABSENT && !cpu->online)
        return set_error(error, "logical processor #%" G_GINT64_FORMAT " can't be offlined",
                         cpu->logical_id);
    if (state == SWITCH_ABSENT || (state == SWITCH_ONLINE) == cpu->online)
        return TRUE;
    return switch_write(services->sysroot, services->sysops, path, cpu_switch_word(cpu->online)) ||
           set_errno_error(error, errno, "pwrite(\"%s\")", path);
}

/* Returns the number of CPUs that were set; a failure is an error only for the first one. */
static gboolean set_vcpus_run(Call *call, GError **error)
{
    const SetVcpusArgs *args = call->args;
    gint64 *done = call->result;

    for (gsize i = 0; i < args->vcpus.len; i++) {
        g_autoptr(GError) stop = NULL;

        if (set_cpu(call->services, list_at(&args->vcpus, LogicalCpu, i), &stop)) {
            ++*done;
            continue;
        }
        if (i == 0) {
            g_propagate_error(error, g_steal_pointer(&stop));
            return FALSE;
        }
        g_message("guest-set-vcpus stopped after %" G_GINT64_FORMAT ": %s", *done, stop->message);
        break;
    }
    return TRUE;
}

static const Need set_cpu_needs[] = {
    { NEED_FILE, CPU_DIR, NULL },
    { NEED_ROOT, "changing CPUs", NULL },
    NEEDS_END,
};

static const Command guest_set_vcpus = {
    .name = "guest-set-vcpus",
    .rank = 24,
    .since = "1.5",
    .doc = "Put CPUs online or offline; returns how many were set before the first failure",
    .flags = COMMAND_HOTPLUG | COMMAND_BLOCKING | COMMAND_MUTATING,
    .args = &set_vcpus_args,
    .returns = &type_int,
    .needs = set_cpu_needs,
    .run = set_vcpus_run,
};

const Family family_vcpus = {
    .name = "vcpus",
    .commands = (const Command *const[]){ &guest_get_vcpus, &guest_set_vcpus, NULL },
};
