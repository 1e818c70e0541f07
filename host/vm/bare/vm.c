/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/json-util.h"
#include "host/vm/bare/vm.h"
#include "host/wire/agent-client.h"
#include "host/wire/qmp.h"
#include "lib/errors.h"

typedef struct {
    char *agent_address;
    char *qmp_address; /* NULL: none is known */
    AgentClient *agent;
    Qmp *qmp; /* connected when it is first needed */
} Bare;

static gboolean bare_ask(Vm *vm, const GString *text, GString **reply, const Deadline *deadline,
                         GError **error)
{
    Bare *bare = vm->backend;

    if (!bare->agent_address) {
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE,
                            "its socket is not known: say --agent SOCKET");
        return FALSE;
    }
    return agent_client_ask(bare->agent, text, reply, deadline, error);
}

Qmp *vm_bare_qmp(Vm *vm, const Deadline *deadline, GError **error)
{
    Bare *bare = vm->backend;

    if (!bare->qmp_address) {
        set_error(error, "QEMU's monitor is needed for this: say --qmp SOCKET");
        return NULL;
    }
    if (!bare->qmp)
        bare->qmp = qmp_open(bare->qmp_address, deadline, error);
    return bare->qmp;
}

gboolean vm_bare_has_qmp(const Vm *vm)
{
    return ((const Bare *)vm->backend)->qmp_address != NULL;
}

const char *vm_bare_agent_address(const Vm *vm)
{
    return ((const Bare *)vm->backend)->agent_address;
}

void vm_bare_drop_qmp(Vm *vm)
{
    Bare *bare = vm->backend;

    if (vm_is_bare(vm))
        g_clear_pointer(&bare->qmp, qmp_close);
}

/* QEMU's run states, by the names that libvirt gives them. */
static VmState state_of(const char *status)
{
    static const struct {
        const char *status;
        VmState state;
    } table[] = {
        { "running", VM_RUNNING },          { "shutdown", VM_SHUT_OFF },
        { "guest-panicked", VM_CRASHED },   { "internal-error", VM_CRASHED },
        { "suspended", VM_PM_SUSPENDED },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (g_str_equal(status, table[i].status))
            return table[i].state;
    return VM_PAUSED; /* paused, prelaunch, io-error, inmigrate, ... */
}

static gboolean bare_state(Vm *vm, VmState *state, const Deadline *deadline, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autoptr(JsonNode) status = NULL;
    Qmp *qmp = vm_bare_qmp(vm, deadline, &problem);

    *state = VM_UNDEFINED;
    if (qmp)
        status = qmp_call(qmp, "query-status", NULL, deadline, &problem);
    if (status && JSON_NODE_HOLDS_OBJECT(status)) {
        *state = state_of(json_object_get_string_member_with_default(json_node_get_object(status),
                                                                     "status", ""));
        return TRUE;
    }
    vm_bare_drop_qmp(vm);
    /* QEMU ends with its guest: nobody there means off. */
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE)) {
        *state = VM_SHUT_OFF;
        return TRUE;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean bare_act(Vm *vm, VmAction action, const Deadline *deadline, GError **error)
{
    static const char *const commands[] = {
        [VM_DO_PAUSE] = "stop",         [VM_DO_RESUME] = "cont",
        [VM_DO_RESET] = "system_reset", [VM_DO_ACPI_DOWN] = "system_powerdown",
        [VM_DO_OFF] = "quit",           [VM_DO_WAKE] = "system_wakeup",
    };
    g_autoptr(GError) problem = NULL;
    Qmp *qmp;

    if (action == VM_DO_START)
        return set_error(error, "a bare QEMU is started by its own command line; "
                                "if it waits at its first instruction, say resume");
    qmp = vm_bare_qmp(vm, deadline, error);
    if (!qmp)
        return FALSE;
    if (qmp_do(qmp, commands[action], NULL, deadline, &problem))
        return TRUE;
    /* A QEMU that quits may be gone before it has answered. */
    if (action == VM_DO_OFF && g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static gboolean bare_expect(Vm *vm, VmEnd end, const Deadline *deadline, GError **error)
{
    Qmp *qmp = vm_bare_qmp(vm, deadline, error);

    (void)end;
    if (qmp)
        qmp_forget_events(qmp);
    return qmp != NULL;
}

/* QEMU keeps it as it is, for whoever wants to know why; it will never come to an end by itself. */
static gboolean is_panic(JsonObject *event)
{
    JsonObject *data = jsonu_object(event, "data");

    return g_str_equal(jsonu_string(event, "event", ""), "GUEST_PANICKED") &&
           g_str_equal(jsonu_string(data, "action", ""), "pause");
}

static gboolean is_end(JsonObject *event, gpointer data)
{
    static const char *const names[] = {
        [VM_END_DOWN] = "SHUTDOWN", [VM_END_RESET] = "RESET", [VM_END_SUSPENDED] = "SUSPEND",
    };
    const VmEnd *end = data;
    const char *name = json_object_get_string_member_with_default(event, "event", "");

    return g_str_equal(name, names[*end]) || is_panic(event) ||
           (*end == VM_END_SUSPENDED && g_str_equal(name, "SUSPEND_DISK"));
}

/* With -no-shutdown the event is the end; else QEMU hangs up, which is as good. */
static gboolean bare_await(Vm *vm, VmEnd end, const Deadline *deadline, GError **error)
{
    g_autoptr(GError) problem = NULL;
    Bare *bare = vm->backend;
    g_autoptr(JsonObject) event =
        bare->qmp ? qmp_event(bare->qmp, is_end, &end, deadline, &problem) : NULL;

    if (event)
        return !is_panic(event) || set_error(error, "the guest has panicked, and QEMU stopped it");
    if (!bare->qmp)
        return set_error(error, "the connection to QEMU's monitor was lost");
    vm_bare_drop_qmp(vm);
    if (end == VM_END_DOWN && g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

static void bare_free(Vm *vm)
{
    Bare *bare = vm->backend;

    agent_client_free(bare->agent);
    qmp_close(bare->qmp);
    g_free(bare->agent_address);
    g_free(bare->qmp_address);
    g_free(bare);
}

static const VmOps bare_ops = {
    .kind = "bare QEMU",
    .ask = bare_ask,
    .state = bare_state,
    .act = bare_act,
    .expect = bare_expect,
    .await = bare_await,
    .free = bare_free,
};

gboolean vm_is_bare(const Vm *vm)
{
    return vm->ops == &bare_ops;
}

Vm *vm_bare_new(const char *name, const char *agent, const char *qmp, const Context *context)
{
    Bare *bare = g_new0(Bare, 1);
    Vm *vm = g_new0(Vm, 1);

    bare->agent_address = g_strdup(agent);
    bare->qmp_address = g_strdup(qmp);
    bare->agent = agent_client_new(bare->agent_address);
    vm->name = g_strdup(name);
    vm->context = context;
    vm->ops = &bare_ops;
    vm->backend = bare;
    return vm;
}
