/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/context.h"
#include "host/base/deadline-call.h"
#include "host/base/deadline.h"
#include "host/wire/request.h"
#include "lib/arena.h"

/* A virtual machine, however it is reached. Used by one thread at a time. */
typedef struct Vm Vm;

/* As libvirt calls them; also of a bare QEMU. */
typedef enum {
    VM_UNDEFINED, /* its monitor is not there to be asked */
    VM_SHUT_OFF,
    VM_RUNNING,
    VM_IN_SHUTDOWN,
    VM_PAUSED,
    VM_SAVED,
    VM_IDLE,
    VM_CRASHED,
    VM_DYING,
    VM_PM_SUSPENDED,
} VmState;

const char *vm_state_name(VmState state);

typedef enum {
    VM_DO_START,
    VM_DO_PAUSE,
    VM_DO_RESUME,
    VM_DO_RESET,
    VM_DO_ACPI_DOWN,
    VM_DO_OFF, /* at once */
    VM_DO_WAKE,
} VmAction;

/* What a VM can be waited for. */
typedef enum {
    VM_END_DOWN, /* it is off, or its QEMU is gone */
    VM_END_RESET,
    VM_END_SUSPENDED,
} VmEnd;

/* How a kind of VM is reached; what is NULL it cannot do. Each returns FALSE with @error set. */
typedef struct {
    const char *kind; /* "bare QEMU", "libvirt" */
    /* Sends the line @text to the agent; @reply as in agent_client_ask(). */
    gboolean (*ask)(Vm *vm, const GString *text, GString **reply, const Deadline *deadline,
                    GError **error);
    gboolean (*state)(Vm *vm, VmState *state, const Deadline *deadline, GError **error);
    gboolean (*act)(Vm *vm, VmAction action, const Deadline *deadline, GError **error);
    /* To be called before what leads to the @end, so that it is not missed. */
    gboolean (*expect)(Vm *vm, VmEnd end, const Deadline *deadline, GError **error);
    gboolean (*await)(Vm *vm, VmEnd end, const Deadline *deadline, GError **error);
    void (*free)(Vm *vm);
} VmOps;

struct Vm {
    char *name;
    const Context *context;
    const VmOps *ops;
    gpointer backend; /* of the ops */
    Errand *errand;   /* a call of libvirt's that did not end in time; NULL: none */
};

/*
 * Runs a command of the agent and returns its "return" value, in @arena, or NULL with
 * @error set to a text that says what to do: GUESTD_ERROR_UNREACHABLE (no agent), _TIMED_OUT
 * (it hangs), _REFUSED (it answered with an error), _CANCELLED.
 */
const Value *vm_ask(Vm *vm, const HostRequest *request, gint64 timeout_ms, Arena *arena,
                    GError **error);

/*
 * The same for much data: it is given time to get there, but the reply @reply_ms only, so as not to
 * be held up by who takes the data; GUESTD_ERROR_UNANSWERED then.
 */
const Value *vm_hand_over(Vm *vm, const HostRequest *request, gint64 reply_ms, Arena *arena,
                          GError **error);

/* As vm_ask() for a command without arguments, in the context's time. */
const Value *vm_ask_plain(Vm *vm, const char *execute, Arena *arena, GError **error);

/* The whole reply line to the line @text, also if it is an error; the caller's. */
GString *vm_ask_raw(Vm *vm, const GString *text, gint64 timeout_ms, GError **error);

/*
 * Sends a command that answers only its failure. Does not wait for more than @patience_ms:
 * no answer by then is success.
 */
gboolean vm_tell(Vm *vm, const HostRequest *request, gint64 patience_ms, GError **error);

/* Whether the agent serves @command; FALSE with @error set if it could not be asked. */
gboolean vm_agent_has(Vm *vm, const char *command, gboolean *has, GError **error);

gboolean vm_state(Vm *vm, VmState *state, GError **error);
gboolean vm_act(Vm *vm, VmAction action, GError **error);

/* A deadline @ms milliseconds from now (0: the context's timeout), cancelled by the user. */
Deadline vm_deadline(const Vm *vm, gint64 ms);

void vm_free(Vm *vm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vm, vm_free)

/*
 * A bare QEMU by its sockets; @qmp may be NULL. The addresses are those of wire_open().
 * Takes nothing, connects when it is first needed.
 */
Vm *vm_bare_new(const char *name, const char *agent, const char *qmp, const Context *context);
