/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/context.h"
#include "host/base/deadline-call.h"
#include "host/base/deadline.h"
#include "host/wire/request.h"
#include "lib/arena.h"

/* A virtual machine of any kind. Used by one thread at a time. */
typedef struct Vm Vm;

/* A kind of VM; see backend.h. */
typedef struct Backend Backend;

/* The states that libvirt knows, for VMs of all kinds. */
typedef enum {
    VM_UNDEFINED, /* not known */
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
    VM_DO_OFF, /* immediately */
    VM_DO_WAKE,
} VmAction;

/* Events of a VM that guestctl waits for. */
typedef enum {
    VM_END_DOWN, /* it is off, or its QEMU has exited */
    VM_END_RESET,
    VM_END_SUSPENDED,
} VmEnd;

struct Vm {
    char *name;
    const Context *context;
    const Backend *backend;
    gpointer data;         /* the backend's */
    gboolean agent_only;   /* only its agent can be reached, not what runs the VM */
    DeadlineCall *pending; /* a call that was under way at its deadline; NULL: none */
    int lock_fd;           /* from vm_lock(); -1: none */
    char *lock_path;
};

/*
 * Runs a command of the agent and returns its "return" value, in @arena, or NULL with
 * @error set to a text with the next step: GUESTD_ERROR_UNREACHABLE (no agent), _TIMED_OUT (the
 * agent hangs), _REFUSED (the agent returned an error), _CANCELLED.
 */
const Value *vm_ask(Vm *vm, const HostRequest *request, gint64 timeout_ms, Arena *arena,
                    GError **error);

/*
 * The same for a large request: sending it may take long, but the reply must come within
 * @reply_ms, else GUESTD_ERROR_UNANSWERED; so a program that does not read its input does not
 * block the caller.
 */
const Value *vm_hand_over(Vm *vm, const HostRequest *request, gint64 reply_ms, Arena *arena,
                          GError **error);

/* As vm_ask() for a command without arguments, within the context's timeout. */
const Value *vm_ask_plain(Vm *vm, const char *execute, Arena *arena, GError **error);

/* The whole reply line to the line @text, even an error; the caller's. */
GString *vm_ask_raw(Vm *vm, const GString *text, gint64 timeout_ms, GError **error);

/*
 * Sends a command that is answered only if it fails. No answer within @patience_ms is success.
 */
gboolean vm_tell(Vm *vm, const HostRequest *request, gint64 patience_ms, GError **error);

/* Whether the agent serves @command; FALSE with @error set if the agent did not answer. */
gboolean vm_agent_has(Vm *vm, const char *command, gboolean *has, GError **error);

gboolean vm_state(Vm *vm, VmState *state, GError **error);
gboolean vm_act(Vm *vm, VmAction action, GError **error);

/* A deadline @ms milliseconds from now (0: the context's timeout), cancelled by the user. */
Deadline vm_deadline(const Vm *vm, gint64 ms);

void vm_free(Vm *vm);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Vm, vm_free)
