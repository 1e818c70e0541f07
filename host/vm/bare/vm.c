/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/bare/vm.h"

#include <glib/gstdio.h>

#include "host/base/json-util.h"
#include "host/wire/agent-client.h"
#include "host/wire/qmp.h"
#include "lib/errors.h"

/* Stands for the run state of a QEMU that does not listen. */
#define GONE "gone"

typedef struct {
    char *agent_address;
    char *qmp_address; /* NULL: none is known */
    AgentClient *agent;
    Qmp *qmp; /* connected when it is first needed */
    gpointer more; /* of another backend */
} Bare;

static gboolean bare_ask(Vm *vm, const GString *text, GString **reply, const Deadline *deadline,
                         GError **error)
{
    Bare *bare = vm->data;

    if (!bare->agent_address) {
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE,
                            "its socket is not known: say --agent SOCKET");
        return FALSE;
    }
    return agent_client_ask(bare->agent, text, reply, deadline, error);
}

Qmp *bare_qmp(Vm *vm, const Deadline *deadline, GError **error)
{
    Bare *bare = vm->data;

    if (!bare->qmp && !bare->qmp_address) {
        if (vm->backend == &bare_backend)
            set_error(error, "QEMU's monitor is needed for this: say --qmp SOCKET");
        else
            set_error(error, "the connection to %s was lost", vm->backend->name);
        return NULL;
    }
    if (!bare->qmp)
        bare->qmp = qmp_open(bare->qmp_address, deadline, error);
    return bare->qmp;
}

const char *bare_agent_address(const Vm *vm)
{
    return ((const Bare *)vm->data)->agent_address;
}

void bare_disconnect(Vm *vm)
{
    Bare *bare = vm->data;

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
        { GONE, VM_SHUT_OFF },
        { "guest-panicked", VM_CRASHED },   { "internal-error", VM_CRASHED },
        { "suspended", VM_PM_SUSPENDED },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(table); i++)
        if (g_str_equal(status, table[i].status))
            return table[i].state;
    return VM_PAUSED; /* paused, prelaunch, io-error, inmigrate, ... */
}

/* QEMU's run state, or GONE; the caller's. NULL with @error set. */
static char *run_state(Vm *vm, const Deadline *deadline, GError **error)
{
    const Bare *bare = vm->data;
    g_autoptr(GError) problem = NULL;
    g_autoptr(JsonNode) status = NULL;
    Qmp *qmp;

    /* Only its images were named, and those of a VM that runs are locked. */
    if (!bare->qmp_address && vm->context->images)
        return g_strdup(GONE);
    qmp = bare_qmp(vm, deadline, &problem);
    if (qmp)
        status = qmp_call(qmp, "query-status", NULL, deadline, &problem);
    if (status && JSON_NODE_HOLDS_OBJECT(status))
        return g_strdup(jsonu_string(json_node_get_object(status), "status", ""));
    bare_disconnect(vm);
    /* QEMU exits with its guest: a missing monitor means that the VM is off. */
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        return g_strdup(GONE);
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    else
        set_error(error, "query-status: the reply is not an object");
    return NULL;
}

static gboolean bare_state(Vm *vm, VmState *state, const Deadline *deadline, GError **error)
{
    g_autofree char *status = run_state(vm, deadline, error);

    *state = status ? state_of(status) : VM_UNDEFINED;
    return status != NULL;
}

/*
 * Whether QEMU has handed its images over, or not yet taken them over: what it has read of their
 * tables may be out of date. QEMU before 10.0 does not report it, and activates the images of a
 * destination at the end of the migration.
 */
static gboolean has_inactive_images(Qmp *qmp, const Deadline *deadline)
{
    g_autoptr(JsonNode) result = qmp_call(qmp, "query-block", NULL, deadline, NULL);
    JsonArray *rows = jsonu_node_array(result);

    for (guint i = 0; i < jsonu_count(rows); i++) {
        JsonObject *inserted = jsonu_object(jsonu_item(rows, i), "inserted");

        if (inserted && json_object_has_member(inserted, "active") &&
            !jsonu_bool(inserted, "active"))
            return TRUE;
    }
    return FALSE;
}

/* A QEMU with a migration under way is in its usual state until the end. */
static gboolean bare_condition(Vm *vm, VmCondition *condition, const Deadline *deadline,
                               GError **error)
{
    g_autofree char *status = run_state(vm, deadline, error);
    g_autoptr(GError) problem = NULL;
    g_autoptr(JsonNode) migration = NULL;
    Qmp *qmp;

    if (!status)
        return FALSE;
    *condition = g_str_equal(status, GONE) ? CONDITION_OFF : condition_of_qemu(status);
    if (*condition == CONDITION_OFF || !condition_info(*condition)->steady)
        return TRUE;
    qmp = bare_qmp(vm, deadline, error);
    if (!qmp)
        return FALSE;
    migration = qmp_call(qmp, "query-migrate", NULL, deadline, &problem);
    /* A monitor that refuses the command is of a machine that does not migrate. */
    if (!migration && !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    if (migration_is_under_way(jsonu_string(jsonu_node_object(migration), "status", NULL)))
        *condition = CONDITION_MIGRATING;
    else if (*condition == CONDITION_PAUSED && has_inactive_images(qmp, deadline))
        *condition = CONDITION_INACTIVE;
    return TRUE;
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
    qmp = bare_qmp(vm, deadline, error);
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
    Qmp *qmp = bare_qmp(vm, deadline, error);

    (void)end;
    if (qmp)
        qmp_forget_events(qmp);
    return qmp != NULL;
}

/* QEMU keeps a guest that panicked for inspection; the VM does not end by itself. */
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
    Bare *bare = vm->data;
    g_autoptr(JsonObject) event =
        bare->qmp ? qmp_event(bare->qmp, is_end, &end, deadline, &problem) : NULL;

    if (event)
        return !is_panic(event) || set_error(error, "the guest has panicked, and QEMU stopped it");
    if (!bare->qmp)
        return set_error(error, "the connection to QEMU's monitor was lost");
    bare_disconnect(vm);
    if (end == VM_END_DOWN && g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

void bare_free(Vm *vm)
{
    Bare *bare = vm->data;

    agent_client_free(bare->agent);
    qmp_close(bare->qmp);
    g_free(bare->agent_address);
    g_free(bare->qmp_address);
    g_free(bare);
}

static gboolean bare_halted(Vm *vm, gboolean *halted, const Deadline *deadline, GError **error)
{
    Qmp *qmp = bare_qmp(vm, deadline, error);
    g_autoptr(JsonNode) status = qmp ? qmp_call(qmp, "query-status", NULL, deadline, error) : NULL;

    *halted = g_str_equal(jsonu_string(jsonu_node_object(status), "status", ""), "io-error");
    return status != NULL;
}

/*
 * By the socket, which may have several names, and not by asking QEMU: the holder of the lock may
 * be the one client that its monitor takes.
 */
static char *bare_identity(Vm *vm, const Deadline *deadline, GError **error)
{
    const Bare *bare = vm->data;
    g_autofree char *hash = NULL;
    GStatBuf info;
    const GPtrArray *images = vm->context->images;
    const char *kind = bare->qmp_address ? "qmp" : "image";
    const char *path = bare->qmp_address ? bare->qmp_address : NULL;
    g_autofree char *image = NULL;

    (void)deadline;
    if (!path && images)
        path = image = bare_image_path(images->pdata[0]);
    if (!path) {
        set_error(error, "QEMU's monitor is needed for this: say --qmp SOCKET");
        return NULL;
    }
    if (g_stat(path, &info) == 0)
        return g_strdup_printf("%s-%" G_GUINT64_FORMAT "-%" G_GUINT64_FORMAT, kind,
                               (guint64)info.st_dev, (guint64)info.st_ino);
    hash = g_compute_checksum_for_string(G_CHECKSUM_SHA256, path, -1);
    return g_strconcat(kind, "-", hash, NULL);
}

static char *bare_uuid(Vm *vm, const Deadline *deadline, GError **error)
{
    Qmp *qmp = bare_qmp(vm, deadline, error);
    g_autoptr(JsonNode) told = qmp ? qmp_call(qmp, "query-uuid", NULL, deadline, error) : NULL;
    const char *uuid = jsonu_string(jsonu_node_object(told), "UUID", "");

    /* QEMU's answer without -uuid is all zeros. */
    if (told && strspn(uuid, "0-") == strlen(uuid))
        set_error(error, "the VM has no UUID");
    return strspn(uuid, "0-") < strlen(uuid) ? g_strdup(uuid) : NULL;
}

Vm *bare_new(const char *name, const char *agent, const char *qmp, const Context *context)
{
    Bare *bare = g_new0(Bare, 1);
    Vm *vm = vm_new(&bare_backend, name, context, bare);

    bare->agent_address = g_strdup(agent);
    bare->qmp_address = g_strdup(qmp);
    bare->agent = agent_client_new(bare->agent_address);
    vm->agent_only = !qmp;
    return vm;
}

Vm *bare_new_on(const Backend *backend, const char *name, Qmp *qmp, gpointer more,
                const Context *context)
{
    Bare *bare = g_new0(Bare, 1);

    bare->qmp = qmp;
    bare->more = more;
    return vm_new(backend, name, context, bare);
}

gpointer bare_more(const Vm *vm)
{
    return ((const Bare *)vm->data)->more;
}

const Backend bare_backend = {
    .name = "bare QEMU",
    .where = "vms.ini",
    .list = bare_list,
    .open = bare_open,
    .free = bare_free,
    .disconnect = bare_disconnect,
    .ask = bare_ask,
    .identity = bare_identity,
    .uuid = bare_uuid,
    .state = bare_state,
    .act = bare_act,
    .condition = bare_condition,
    .halted = bare_halted,
    .expect = bare_expect,
    .await = bare_await,
    .disks = bare_disks,
    .channel_find = bare_channel_find,
    .snapshot = &(const SnapshotOps){
        .begin = bare_snapshot_begin,
        .follow = bare_transaction_follow,
        .commit = bare_commit,
    },
    .backup = &bare_backup,
    .off = &(const OffOps){ .own_bitmaps = TRUE, .image = bare_image_disk },
};
