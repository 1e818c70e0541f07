/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/schema/command.h"
#include "commands/power/shutdown.h"
#include "commands/power/suspend.h"

#define POWER_FLAGS (COMMAND_NO_SUCCESS_REPLY | COMMAND_BLOCKING | COMMAND_MUTATING)

typedef struct {
    const char *mode;
} ShutdownArgs;

static const Type shutdown_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(ShutdownArgs),
    .fields = (const Field[]){
        /*
         * A string and not an enumeration, because qemu-ga has its own error text for other
         * words.
         */
        { .name = "mode", .type = &type_string, .offset = offsetof(ShutdownArgs, mode),
          .has_offset = FIELD_NO_HAS, .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "halt, powerdown or reboot", .fallback = "powerdown" },
        FIELDS_END,
    },
};

static gboolean shutdown_run(Call *call, GError **error)
{
    const ShutdownArgs *args = call->args;

    return shutdown_system(call->services->sysroot, args->mode, error);
}

static gboolean suspend_disk_run(Call *call, GError **error)
{
    return suspend_system(call->services->sysroot, SUSPEND_DISK, error);
}

static gboolean suspend_ram_run(Call *call, GError **error)
{
    return suspend_system(call->services->sysroot, SUSPEND_RAM, error);
}

static gboolean suspend_hybrid_run(Call *call, GError **error)
{
    return suspend_system(call->services->sysroot, SUSPEND_HYBRID, error);
}

static const Need shutdown_needs[] = {
    { NEED_ROOT, "shutting down", NULL },
    NEEDS_END,
};

static const Need suspend_needs[] = {
    { NEED_FILE, "/sys/power/state", NULL },
    { NEED_ROOT, "suspending", NULL },
    NEEDS_END,
};

static const Command guest_shutdown = {
    .name = "guest-shutdown",
    .rank = 7,
    .since = "0.15.0",
    .doc = "Shut the guest down; answered only on failure",
    .flags = COMMAND_SHUTDOWN | POWER_FLAGS,
    .args = &shutdown_args,
    .needs = shutdown_needs,
    .run = shutdown_run,
};

static const Command guest_suspend_disk = {
    .name = "guest-suspend-disk",
    .rank = 19,
    .since = "1.1",
    .doc = "Suspend the guest to its disk; answered only on failure",
    .flags = COMMAND_SUSPEND | POWER_FLAGS,
    .needs = suspend_needs,
    .run = suspend_disk_run,
};

static const Command guest_suspend_ram = {
    .name = "guest-suspend-ram",
    .rank = 20,
    .since = "1.1",
    .doc = "Suspend the guest to its memory; answered only on failure",
    .flags = COMMAND_SUSPEND | POWER_FLAGS,
    .needs = suspend_needs,
    .run = suspend_ram_run,
};

static const Command guest_suspend_hybrid = {
    .name = "guest-suspend-hybrid",
    .rank = 21,
    .since = "1.1",
    .doc = "Suspend the guest to its memory, with a copy on its disk; answered only on failure",
    .flags = COMMAND_SUSPEND | POWER_FLAGS,
    .needs = suspend_needs,
    .run = suspend_hybrid_run,
};

const Family family_power = {
    .name = "power",
    .commands = (const Command *const[]){ &guest_shutdown, &guest_suspend_disk, &guest_suspend_ram,
                                          &guest_suspend_hybrid, NULL },
};
