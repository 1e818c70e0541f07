/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/vm.h"

#include <stdio.h>
#include <string.h>

#include "host/vm/backend.h"
#include "host/vm/lock.h"
#include "lib/errors.h"
#include "lib/json/reader.h"

/* A slow line, and a guest that is slow to read it, are no dead agent. */
#define SEND_MS (60 * 1000)

const char *vm_state_name(VmState state)
{
    static const char *const names[] = {
        [VM_UNDEFINED] = "undefined",     [VM_SHUT_OFF] = "shut off", [VM_RUNNING] = "running",
        [VM_IN_SHUTDOWN] = "in shutdown", [VM_PAUSED] = "paused",     [VM_SAVED] = "saved",
        [VM_IDLE] = "idle",               [VM_CRASHED] = "crashed",   [VM_DYING] = "dying",
        [VM_PM_SUSPENDED] = "pmsuspended",
    };

    return names[state];
}

Deadline vm_deadline(const Vm *vm, gint64 ms)
{
    return deadline_in(ms ? ms : vm->context->timeout_ms, vm->context->cancel_fd);
}

static void show(const Vm *vm, const char *arrow, const char *text)
{
    if (vm->context->verbose)
        fprintf(stderr, "%s %s %s%s", vm->name, arrow, text,
                g_str_has_suffix(text, "\n") ? "" : "\n");
}

/* The three ways in which an agent fails one, each with what to do about it. */
static void explain(const char *execute, gint64 began, gint64 timeout_ms, GError **error)
{
    /* A sync that is not answered is given up earlier. */
    gint64 ms = MIN((g_get_monotonic_time() - began) / 1000, timeout_ms);

    if (!error || !*error)
        return;
    if (g_error_matches(*error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        g_prefix_error(error, "no agent answers (is it installed and running in the guest? "
                              "\"guestctl VM doctor\" looks): ");
    else if (g_error_matches(*error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT)) {
        g_clear_error(error);
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT,
                    "the agent did not answer %s within %" G_GINT64_FORMAT
                    " s; it hangs, or needs a longer --timeout",
                    execute, MAX((ms + 500) / 1000, 1));
    }
}

static GString *ask(Vm *vm, const GString *text, const char *shown, const char *execute,
                    gint64 timeout_ms, gint64 reply_ms, GError **error)
{
    gint64 ms = timeout_ms ? timeout_ms : vm->context->timeout_ms;
    gint64 began = g_get_monotonic_time();
    Deadline deadline = vm_deadline(vm, ms);
    GString *reply = NULL;

    deadline.reply_ms = reply_ms;
    show(vm, ">", shown);
    if (!backend_offers(vm->backend, vm->backend->ask != NULL, "way to the agent", error))
        return NULL;
    if (!vm->backend->ask(vm, text, &reply, &deadline, error)) {
        explain(execute, began, ms, error);
        return NULL;
    }
    show(vm, "<", reply->str);
    return reply;
}

GString *vm_ask_raw(Vm *vm, const GString *text, gint64 timeout_ms, GError **error)
{
    return ask(vm, text, text->str, "the request", timeout_ms, 0, error);
}

/* Takes @reply apart; its value tree lies in @arena, which owns the text. */
static const Value *take_return(GString *reply, const char *execute, Arena *arena, GError **error)
{
    gsize len = reply->len;
    char *text = g_string_free(reply, FALSE);
    const Value *message, *fault, *desc, *class;

    arena_adopt(arena, text);
    message = json_read(arena, text, len, error);
    if (!message || message->kind != VALUE_OBJECT)
        return NULL;
    fault = value_member(message, "error");
    if (!fault)
        return value_member(message, "return");
    desc = fault->kind == VALUE_OBJECT ? value_member(fault, "desc") : NULL;
    class = fault->kind == VALUE_OBJECT ? value_member(fault, "class") : NULL;
    g_set_error(error, GUESTD_ERROR,
                class && class->kind == VALUE_STRING &&
                        g_str_equal(class->string.text, "CommandNotFound")
                    ? GUESTD_ERROR_COMMAND_NOT_FOUND
                    : GUESTD_ERROR_REFUSED,
                "the agent refused %s: %s", execute,
                desc && desc->kind == VALUE_STRING ? desc->string.text : "no reason given");
    return NULL;
}

static const Value *ask_for_value(Vm *vm, const HostRequest *request, gint64 timeout_ms,
                                  gint64 reply_ms, Arena *arena, GError **error)
{
    g_autoptr(GString) text = request_text(request, FALSE);
    g_autoptr(GString) shown = request_text(request, TRUE);
    GString *reply = ask(vm, text, shown->str, request->execute, timeout_ms, reply_ms,
                         error);
    const Value *value;

    if (request->secret)
        explicit_bzero(text->str, text->allocated_len);
    if (!reply)
        return NULL;
    value = take_return(reply, request->execute, arena, error);
    if (!value && error && !*error)
        set_error(error, "the reply to %s has neither return nor error", request->execute);
    return value;
}

const Value *vm_ask(Vm *vm, const HostRequest *request, gint64 timeout_ms, Arena *arena,
                    GError **error)
{
    return ask_for_value(vm, request, timeout_ms, 0, arena, error);
}

const Value *vm_hand_over(Vm *vm, const HostRequest *request, gint64 reply_ms, Arena *arena,
                          GError **error)
{
    return ask_for_value(vm, request, MAX(vm->context->timeout_ms, SEND_MS), reply_ms, arena,
                         error);
}

const Value *vm_ask_plain(Vm *vm, const char *execute, Arena *arena, GError **error)
{
    g_autoptr(HostRequest) request = request_new(execute);

    return vm_ask(vm, request, 0, arena, error);
}

gboolean vm_tell(Vm *vm, const HostRequest *request, gint64 patience_ms, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) problem = NULL;

    /* No answer means success only if the agent answered before. */
    if (!vm_ask_plain(vm, "guest-ping", arena, &problem) &&
        !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED) &&
        !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    g_clear_error(&problem);
    if (vm_ask(vm, request, patience_ms, arena, &problem) ||
        g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

gboolean vm_agent_has(Vm *vm, const char *command, gboolean *has, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *info = vm_ask_plain(vm, "guest-info", arena, error);
    const Value *list = info && info->kind == VALUE_OBJECT
                            ? value_member(info, "supported_commands") : NULL;

    *has = FALSE;
    if (!info)
        return FALSE;
    for (const Value *row = list && list->kind == VALUE_LIST ? list->items.first : NULL; row;
         row = row->next) {
        const Value *name = row->kind == VALUE_OBJECT ? value_member(row, "name") : NULL;
        const Value *enabled = row->kind == VALUE_OBJECT ? value_member(row, "enabled") : NULL;

        if (name && name->kind == VALUE_STRING && g_str_equal(name->string.text, command))
            *has = !enabled || enabled->kind != VALUE_BOOL || enabled->boolean;
    }
    return TRUE;
}

gboolean vm_state(Vm *vm, VmState *state, GError **error)
{
    Deadline deadline = vm_deadline(vm, 0);

    return backend_offers(vm->backend, vm->backend->state != NULL, "state", error) &&
           vm->backend->state(vm, state, &deadline, error);
}

gboolean vm_act(Vm *vm, VmAction action, GError **error)
{
    Deadline deadline = vm_deadline(vm, 0);

    return backend_offers(vm->backend, vm->backend->act != NULL, "control of the VM", error) &&
           vm->backend->act(vm, action, &deadline, error);
}

void vm_free(Vm *vm)
{
    if (!vm)
        return;
    deadline_call_drop(&vm->pending);
    vm->backend->free(vm);
    vm_unlock(vm);
    g_free(vm->name);
    g_free(vm);
}

Vm *vm_new(const Backend *backend, const char *name, const Context *context, gpointer data)
{
    Vm *vm = g_new0(Vm, 1);

    vm->name = g_strdup(name);
    vm->context = context;
    vm->backend = backend;
    vm->data = data;
    vm->lock_fd = -1;
    return vm;
}

gboolean vm_expect(Vm *vm, VmEnd end, const Deadline *deadline, GError **error)
{
    return backend_offers(vm->backend, vm->backend->expect != NULL, "events", error) &&
           vm->backend->expect(vm, end, deadline, error);
}

gboolean vm_await(Vm *vm, VmEnd end, const Deadline *deadline, GError **error)
{
    return backend_offers(vm->backend, vm->backend->await != NULL, "events", error) &&
           vm->backend->await(vm, end, deadline, error);
}

gboolean vm_halted(Vm *vm, gboolean *halted, const Deadline *deadline, GError **error)
{
    *halted = FALSE;
    return !vm->backend->halted || vm->backend->halted(vm, halted, deadline, error);
}

GPtrArray *vm_disks(Vm *vm, guint details, const Deadline *deadline, GError **error)
{
    GPtrArray *disks = backend_offers(vm->backend, vm->backend->disks != NULL, "list of disks",
                                      error)
                           ? vm->backend->disks(vm, details, deadline, error) : NULL;

    if (disks)
        disks_look(disks);
    return disks;
}

char *vm_uuid(Vm *vm, const Deadline *deadline)
{
    return vm->backend->uuid ? vm->backend->uuid(vm, deadline, NULL) : NULL;
}

gboolean vm_channel_find(Vm *vm, AgentChannel *channel, const Deadline *deadline, GError **error)
{
    *channel = (AgentChannel){ .configured = FALSE };
    return backend_offers(vm->backend, vm->backend->channel_find != NULL,
                          "description of the agent's channel", error) &&
           vm->backend->channel_find(vm, channel, deadline, error);
}

void vm_disconnect(Vm *vm)
{
    if (vm->backend->disconnect)
        vm->backend->disconnect(vm);
}

const SnapshotOps *vm_snapshot_ops(const Vm *vm, GError **error)
{
    const SnapshotOps *ops = vm->backend->snapshot;

    return backend_offers(vm->backend, ops && vm->backend->disks, "snapshots", error) ? ops : NULL;
}

const BackupOps *vm_backup_ops(const Vm *vm, GError **error)
{
    const BackupOps *ops = vm->backend->backup;

    return backend_offers(vm->backend, ops && vm->backend->disks, "backup jobs", error) ? ops
                                                                                       : NULL;
}
