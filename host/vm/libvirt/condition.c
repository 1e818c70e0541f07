/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <libvirt/libvirt-qemu.h>

#include "host/base/json-util.h"
#include "host/vm/condition.h"
#include "host/vm/libvirt/domain.h"

/* What a domain is doing, from its state, the reason of that, and its job. */

/* The "operation" of the domain's job (libvirt 3.3); 0 (unknown): none. */
static int operation_of(virDomainPtr domain)
{
    int type = VIR_DOMAIN_JOB_NONE, n = 0, operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
    virTypedParameterPtr params = NULL;

    /* Drivers without jobs and domains that are off have none. */
    if (virDomainGetJobStats(domain, &type, &params, &n, 0) < 0 || type == VIR_DOMAIN_JOB_NONE)
        operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN;
    else
        virTypedParamsGetInt(params, n, VIR_DOMAIN_JOB_OPERATION, &operation);
    virTypedParamsFree(params, n);
    return operation;
}

/* QEMU's own run state, such as of a stop that libvirt did not order; UNKNOWN: not to be had. */
static VmCondition ask_qemu(virDomainPtr domain)
{
    g_autoptr(JsonNode) root = NULL;
    JsonObject *result;
    char *reply = NULL;

    if (virDomainQemuMonitorCommand(domain, "{\"execute\": \"query-status\"}", &reply, 0) < 0)
        return CONDITION_UNKNOWN;
    root = json_from_string(reply, NULL);
    free(reply);
    result = jsonu_object(jsonu_node_object(root), "return");
    return condition_of_qemu(jsonu_string(result, "status", ""));
}

/* @value and @reason; @number: the job's operation; @flags: of a domain that is off, whether it
 * has a managed save image; of one paused for no known reason, its condition. */
static int call_condition(LibvirtCall *call)
{
    int result = virDomainGetState(call->domain, &call->value, &call->reason, 0);

    if (result == 0 && call->value == VIR_DOMAIN_SHUTOFF)
        call->flags = virDomainHasManagedSaveImage(call->domain, 0) == 1;
    else if (result == 0)
        call->number = operation_of(call->domain);
    /* An error inside QEMU has no reason of its own. That libvirt marks the domain as tainted by
     * the command is the price, for such a domain alone. */
    if (result == 0 && call->value == VIR_DOMAIN_PAUSED &&
        call->reason == VIR_DOMAIN_PAUSED_UNKNOWN)
        call->flags = ask_qemu(call->domain);
    return result;
}

static VmCondition condition_of_job(gint64 operation, VmCondition otherwise)
{
    switch (operation) {
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_IN:
        return CONDITION_INCOMING;
    case VIR_DOMAIN_JOB_OPERATION_MIGRATION_OUT:
        return CONDITION_MIGRATING;
    case VIR_DOMAIN_JOB_OPERATION_SAVE:
    case VIR_DOMAIN_JOB_OPERATION_DUMP:
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT:
        return CONDITION_SAVING;
    case VIR_DOMAIN_JOB_OPERATION_SNAPSHOT_REVERT:
    case VIR_DOMAIN_JOB_OPERATION_RESTORE:
        return CONDITION_RESTORING;
    case VIR_DOMAIN_JOB_OPERATION_START:
        return CONDITION_STARTING;
    default:
        return otherwise;
    }
}

/* enum virDomainPausedReason */
static VmCondition condition_of_pause(int reason)
{
    switch (reason) {
    case VIR_DOMAIN_PAUSED_MIGRATION:
    case VIR_DOMAIN_PAUSED_POSTCOPY:
    case VIR_DOMAIN_PAUSED_POSTCOPY_FAILED:
        return CONDITION_MIGRATING;
    case VIR_DOMAIN_PAUSED_SAVE:
    case VIR_DOMAIN_PAUSED_DUMP:
    case VIR_DOMAIN_PAUSED_SNAPSHOT:
        return CONDITION_SAVING;
    case VIR_DOMAIN_PAUSED_IOERROR:
        return CONDITION_DISK_ERROR;
    case VIR_DOMAIN_PAUSED_WATCHDOG:
        return CONDITION_WATCHDOG;
    case VIR_DOMAIN_PAUSED_SHUTTING_DOWN:
        return CONDITION_SHUTTING_DOWN;
    case VIR_DOMAIN_PAUSED_CRASHED:
        return CONDITION_PANICKED;
    case VIR_DOMAIN_PAUSED_STARTING_UP:
        return CONDITION_STARTING;
    default:
        return CONDITION_PAUSED;
    }
}

static VmCondition condition_of_unknown_pause(unsigned int asked)
{
    return asked == CONDITION_UNKNOWN ? CONDITION_PAUSED : (VmCondition)asked;
}

static gboolean is_postcopy(int running_reason)
{
#if LIBVIR_VERSION_NUMBER >= 8005000
    if (running_reason == VIR_DOMAIN_RUNNING_POSTCOPY_FAILED)
        return TRUE;
#endif
    return running_reason == VIR_DOMAIN_RUNNING_POSTCOPY;
}

static VmCondition condition_of(const LibvirtCall *call)
{
    switch (call->value) {
    case VIR_DOMAIN_RUNNING:
        return is_postcopy(call->reason) ? CONDITION_MIGRATING
                                         : condition_of_job(call->number, CONDITION_RUNS);
    case VIR_DOMAIN_BLOCKED:
        return condition_of_job(call->number, CONDITION_RUNS);
    case VIR_DOMAIN_PAUSED:
        return condition_of_job(call->number, call->reason == VIR_DOMAIN_PAUSED_UNKNOWN
                                                  ? condition_of_unknown_pause(call->flags)
                                                  : condition_of_pause(call->reason));
    case VIR_DOMAIN_SHUTDOWN:
        return CONDITION_SHUTTING_DOWN;
    case VIR_DOMAIN_CRASHED:
        return CONDITION_PANICKED;
    case VIR_DOMAIN_PMSUSPENDED:
        return CONDITION_ASLEEP;
    case VIR_DOMAIN_SHUTOFF:
        return call->flags ? CONDITION_SAVED : CONDITION_OFF;
    default:
        return CONDITION_UNKNOWN;
    }
}

gboolean libvirt_condition(Vm *vm, VmCondition *condition, const Deadline *deadline,
                           GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_do(vm, call_condition, deadline, error);

    if (call)
        *condition = condition_of(call);
    return call != NULL;
}
