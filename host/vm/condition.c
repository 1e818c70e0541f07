/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/condition.h"

#include "host/vm/backend.h"
#include "lib/errors.h"

#define AFTER_END "end QEMU with guestctl VM shutdown --force, then start the VM again"
#define AFTER_MIGRATION "wait until the migration has ended, then use the host that the VM runs on"

static const ConditionInfo conditions[N_CONDITIONS] = {
    [CONDITION_UNKNOWN] = { "in a state that guestctl does not know",
                            "see QEMU's query-status, or virsh domstate --reason" },
    [CONDITION_RUNS] = { "running", NULL, .steady = TRUE, .acts = TRUE },
    [CONDITION_PAUSED] = { "paused", "guestctl VM resume", .steady = TRUE, .wakes = TRUE },
    [CONDITION_INACTIVE] = { "paused after a migration or a restore, with inactive images",
                             "guestctl VM resume activates them", .wakes = TRUE },
    /* The program that started QEMU may still add disks, or let a migration in. */
    [CONDITION_NOT_STARTED] = { "paused before its start (prelaunch)",
                                "let the program that started QEMU start the guest (QMP: cont)",
                                .wakes = TRUE },
    [CONDITION_DISK_ERROR] = { "paused on a disk error (io-error)",
                               "repair or enlarge the storage, then guestctl VM resume",
                               .steady = TRUE, .wakes = TRUE },
    [CONDITION_WATCHDOG] = { "paused by its watchdog", "guestctl VM resume, or reset",
                             .steady = TRUE, .wakes = TRUE },
    [CONDITION_ASLEEP] = { "pmsuspended", "guestctl VM resume wakes it", .steady = TRUE,
                           .wakes = TRUE },
    [CONDITION_PANICKED] = { "crashed",
                             "guestctl VM reset, then guestctl VM resume, boots it again",
                             .steady = TRUE },
    [CONDITION_OFF] = { "shut off", "guestctl VM start", .steady = TRUE },
    /* Its memory belongs to the disks as they are. */
    [CONDITION_SAVED] = { "saved", "guestctl VM start restores it" },
    [CONDITION_STARTING] = { "being started", "wait until it runs" },
    [CONDITION_SHUTTING_DOWN] = { "shutting down", "wait until it is off; do not resume it",
                                  .elsewhere = TRUE },
    [CONDITION_HALTED] = { "shut off, and its QEMU waits (shutdown)",
                           AFTER_END },
    [CONDITION_INTERNAL_ERROR] = { "stopped by an error inside QEMU (internal-error)",
                                   "see QEMU's log; " AFTER_END },
    [CONDITION_MIGRATING] = { "being migrated", AFTER_MIGRATION, .acts = TRUE },
    [CONDITION_INCOMING] = { "the destination of a migration that has not ended (inmigrate)",
                             AFTER_MIGRATION, .elsewhere = TRUE },
    [CONDITION_MIGRATED] = { "migrated to another QEMU (postmigrate)",
                             "use the host that the VM runs on now; do not resume it here",
                             .elsewhere = TRUE },
    [CONDITION_SAVING] = { "being saved or dumped", "wait until that has ended" },
    [CONDITION_RESTORING] = { "being restored", "wait until that has ended" },
};

const ConditionInfo *condition_info(VmCondition condition)
{
    return &conditions[condition];
}

VmCondition condition_of_qemu(const char *status)
{
    static const struct {
        const char *status;
        VmCondition condition;
    } table[] = {
        { "running", CONDITION_RUNS },
        { "paused", CONDITION_PAUSED },
        { "debug", CONDITION_PAUSED },
        { "prelaunch", CONDITION_NOT_STARTED },
        { "io-error", CONDITION_DISK_ERROR },
        { "watchdog", CONDITION_WATCHDOG },
        { "suspended", CONDITION_ASLEEP },
        { "guest-panicked", CONDITION_PANICKED },
        { "shutdown", CONDITION_HALTED },
        { "internal-error", CONDITION_INTERNAL_ERROR },
        { "inmigrate", CONDITION_INCOMING },
        { "finish-migrate", CONDITION_MIGRATING },
        { "colo", CONDITION_MIGRATING },
        { "postmigrate", CONDITION_MIGRATED },
        { "save-vm", CONDITION_SAVING },
        { "restore-vm", CONDITION_RESTORING },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (g_str_equal(status, table[i].status))
            return table[i].condition;
    return CONDITION_UNKNOWN;
}

gboolean migration_is_under_way(const char *status)
{
    static const char *const others[] = { "none", "completed", "failed", "cancelled", NULL };

    return status && !g_strv_contains(others, status);
}

/* For a backend that knows no more than the state. */
static VmCondition condition_of_state(VmState state)
{
    static const VmCondition table[] = {
        [VM_UNDEFINED] = CONDITION_UNKNOWN,         [VM_SHUT_OFF] = CONDITION_OFF,
        [VM_RUNNING] = CONDITION_RUNS,              [VM_IN_SHUTDOWN] = CONDITION_SHUTTING_DOWN,
        [VM_PAUSED] = CONDITION_PAUSED,             [VM_SAVED] = CONDITION_SAVED,
        [VM_IDLE] = CONDITION_RUNS,                 [VM_CRASHED] = CONDITION_PANICKED,
        [VM_DYING] = CONDITION_SHUTTING_DOWN,       [VM_PM_SUSPENDED] = CONDITION_ASLEEP,
    };

    return table[state];
}

gboolean vm_condition(Vm *vm, VmCondition *condition, const Deadline *deadline, GError **error)
{
    VmState state = VM_UNDEFINED;

    *condition = CONDITION_UNKNOWN;
    if (vm->backend->condition)
        return vm->backend->condition(vm, condition, deadline, error);
    if (!backend_offers(vm->backend, vm->backend->state != NULL, "state", error) ||
        !vm->backend->state(vm, &state, deadline, error))
        return FALSE;
    *condition = condition_of_state(state);
    return TRUE;
}

gboolean vm_check_steady(Vm *vm, const Deadline *deadline, GError **error)
{
    const ConditionInfo *info;
    VmCondition condition;

    if (!vm_condition(vm, &condition, deadline, error))
        return FALSE;
    info = condition_info(condition);
    return info->steady ||
           set_error(error, "the VM is %s; next: %s", info->text, info->next);
}
