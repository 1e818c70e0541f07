/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/libvirt/vm.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>

#include "host/vm/libvirt/domain.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

/* What libvirt's message has before the text of an agent that returned an error. */
#define REFUSAL "unable to execute QEMU agent command '"
/*
 * libvirt garbles a request that does not fit into its socket's buffer at once:
 * qemuAgentIOWrite() calls safewrite(), which writes what fits, then fails with EAGAIN, and so
 * starts over. Seen with 9.0 from 200 KiB of text on.
 */
#define MAX_REQUEST (96 * 1024)
/*
 * libvirt sends a sync of its own before a request and waits for it up to 5 seconds
 * (QEMU_AGENT_WAIT_TIME in its qemu_agent.c), besides the request's own time. A daemon that
 * answers gets that long to report what the agent does.
 */
#define SYNC_MS 6000

/* Held by the Vm and by each callback: one may yet run after it was deregistered. */
typedef struct {
    gint refs;
    VmEnd end;
    int fd; /* readable once that has come */
} EndWatch;

typedef struct {
    LibvirtLink *link;
    virDomainPtr domain; /* keeps its connection */
    EndWatch *watch;     /* NULL: none */
    int callbacks[2];    /* -1: none */
    EndOfJob *end;       /* NULL: not watched for */
} Libvirt;

static int call_lookup(LibvirtCall *call)
{
    call->found = virDomainLookupByName(call->connection, call->text);
    if (!call->found)
        call->found = virDomainLookupByUUIDString(call->connection, call->text);
    return call->found ? 0 : -1;
}

/*
 * The daemon may have been restarted: its VMs run on, and so must what was begun with them, such as
 * a thaw. A Vm that waits for an event of the old connection keeps that one.
 */
static gboolean refresh(Vm *vm, const Deadline *deadline, GError **error)
{
    Libvirt *libvirt = vm->data;
    virConnectPtr connection;
    g_autoptr(LibvirtCall) call = NULL;

    if (virConnectIsAlive(virDomainGetConnect(libvirt->domain)) != 0 || libvirt->callbacks[0] >= 0)
        return TRUE;
    connection = libvirt_link_connect(libvirt->link, deadline, error);
    if (!connection)
        return FALSE;
    call = libvirt_call_new(call_lookup, connection, NULL);
    virConnectClose(connection); /* the call has a reference */
    call->text = g_strdup(vm->name);
    if (!libvirt_call_run(call, NULL, deadline, error))
        return FALSE;
    virDomainFree(libvirt->domain);
    libvirt->domain = g_steal_pointer(&call->found);
    return TRUE;
}

LibvirtCall *libvirt_call_on(Vm *vm, LibvirtFunc func, const Deadline *deadline, GError **error)
{
    Libvirt *libvirt = vm->data;

    return refresh(vm, deadline, error) ? libvirt_call_new(func, NULL, libvirt->domain) : NULL;
}

EndOfJob **libvirt_end(Vm *vm)
{
    return &((Libvirt *)vm->data)->end;
}

virDomainPtr libvirt_domain(Vm *vm)
{
    return ((Libvirt *)vm->data)->domain;
}

LibvirtCall *libvirt_do(Vm *vm, LibvirtFunc func, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, func, deadline, error);

    return call && libvirt_call_run(call, NULL, deadline, error) ? g_steal_pointer(&call) : NULL;
}

/* libvirt reports an agent's error only within a text of its own. */
static GString *refusal_as_reply(const char *message)
{
    const char *name = strstr(message, REFUSAL);
    const char *desc = name ? strstr(name, "': ") : NULL;
    gboolean unknown;
    GString *reply;

    if (!desc)
        return NULL;
    desc += strlen("': ");
    unknown = strstr(desc, "has not been found") || strstr(desc, "has been disabled");
    reply = g_string_new("{\"error\": {\"class\": ");
    json_append_string(reply, unknown ? "CommandNotFound" : "GenericError");
    g_string_append(reply, ", \"desc\": ");
    json_append_string(reply, desc);
    g_string_append(reply, "}}");
    return reply;
}

/* After a failed call; libvirt sends a sync of its own before a request. */
static GuestdError kind_of_failure(const LibvirtCall *call, const Deadline *deadline)
{
    if (call->code == VIR_ERR_OPERATION_TIMEOUT)
        return GUESTD_ERROR_TIMED_OUT;
    if (call->code == VIR_ERR_AGENT_UNRESPONSIVE)
        return strstr(call->message, "not connected")             ? GUESTD_ERROR_UNREACHABLE
               : deadline->reply_ms && !strstr(call->message, "synchronization")
                   ? GUESTD_ERROR_UNANSWERED
                   : GUESTD_ERROR_TIMED_OUT;
    return GUESTD_ERROR_UNREACHABLE;
}

static int call_agent(LibvirtCall *call)
{
    call->string = virDomainQemuAgentCommand(call->domain, call->text, (int)call->number, 0);
    return call->string ? 0 : -1;
}

static gboolean libvirt_ask(Vm *vm, const GString *text, GString **reply, const Deadline *deadline,
                            GError **error)
{
    gint64 ms = deadline->reply_ms ? deadline->reply_ms : deadline_left_ms(deadline);
    gint64 seconds = MAX((ms + 999) / 1000, 1);
    Deadline longer = deadline_in(seconds * 1000 + SYNC_MS, deadline->cancel_fd);
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_agent, deadline, error);
    g_autoptr(GError) problem = NULL;

    *reply = NULL;
    if (!call)
        return FALSE;
    call->text = g_strdup(text->str);
    call->number = seconds;
    call->failure = "libvirt";
    if (libvirt_call_run(call, NULL, &longer, &problem)) {
        *reply = g_string_new(call->string);
    } else if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED)) {
        *reply = refusal_as_reply(call->message);
        problem->code = (int)kind_of_failure(call, deadline);
    }
    if (!*reply)
        g_propagate_error(error, g_steal_pointer(&problem));
    return *reply != NULL;
}

/* @value and @reason; @flags: whether the domain has a managed save image. */
static int call_state(LibvirtCall *call)
{
    int result = virDomainGetState(call->domain, &call->value, &call->reason, 0);

    if (result == 0 && call->value == VIR_DOMAIN_SHUTOFF)
        call->flags = virDomainHasManagedSaveImage(call->domain, 0) == 1;
    return result;
}

static VmState state_of(const LibvirtCall *call)
{
    switch (call->value) {
    case VIR_DOMAIN_RUNNING:
        return VM_RUNNING;
    case VIR_DOMAIN_BLOCKED:
        return VM_IDLE;
    case VIR_DOMAIN_PAUSED:
        return VM_PAUSED;
    case VIR_DOMAIN_SHUTDOWN:
        return VM_IN_SHUTDOWN;
    case VIR_DOMAIN_CRASHED:
        return VM_CRASHED;
    case VIR_DOMAIN_PMSUSPENDED:
        return VM_PM_SUSPENDED;
    case VIR_DOMAIN_SHUTOFF:
        return call->flags ? VM_SAVED : VM_SHUT_OFF;
    default:
        return VM_UNDEFINED;
    }
}

static int call_uuid(LibvirtCall *call)
{
    call->string = calloc(1, VIR_UUID_STRING_BUFLEN);
    return call->string ? virDomainGetUUIDString(call->domain, call->string) : -1;
}

static char *libvirt_uuid(Vm *vm, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_do(vm, call_uuid, deadline, error);

    return call ? g_strdup(call->string) : NULL;
}

/* Not the URI too: one libvirtd has several, and a UUID is a UUID. */
static char *libvirt_identity(Vm *vm, const Deadline *deadline, GError **error)
{
    g_autofree char *uuid = libvirt_uuid(vm, deadline, error);

    return uuid ? g_strconcat("libvirt-", uuid, NULL) : NULL;
}

static gboolean libvirt_state(Vm *vm, VmState *state, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_do(vm, call_state, deadline, error);

    if (call)
        *state = state_of(call);
    return call != NULL;
}

static gboolean libvirt_halted(Vm *vm, gboolean *halted, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_do(vm, call_state, deadline, error);

    *halted = call && call->value == VIR_DOMAIN_PAUSED && call->reason == VIR_DOMAIN_PAUSED_IOERROR;
    return call != NULL;
}

static int call_act(LibvirtCall *call)
{
    switch ((VmAction)call->number) {
    case VM_DO_START:
        return virDomainCreate(call->domain);
    case VM_DO_PAUSE:
        return virDomainSuspend(call->domain);
    case VM_DO_RESUME:
        return virDomainResume(call->domain);
    case VM_DO_RESET:
        return virDomainReset(call->domain, 0);
    case VM_DO_ACPI_DOWN:
        return virDomainShutdownFlags(call->domain, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN);
    case VM_DO_OFF:
        return virDomainDestroy(call->domain);
    case VM_DO_WAKE:
        return virDomainPMWakeup(call->domain, 0);
    }
    return -1;
}

static gboolean libvirt_act(Vm *vm, VmAction action, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_act, deadline, error);

    if (!call)
        return FALSE;
    call->number = action;
    return libvirt_call_run(call, NULL, deadline, error);
}

static void watch_unref(void *data)
{
    EndWatch *watch = data;

    if (!watch || !g_atomic_int_dec_and_test(&watch->refs))
        return;
    close(watch->fd);
    g_free(watch);
}

static void note_end(EndWatch *watch)
{
    guint64 one = 1;
    ssize_t n = write(watch->fd, &one, sizeof one);

    (void)n; /* fails only if it is readable already */
}

/* In the thread of libvirt's events. */
static int on_lifecycle(virConnectPtr connection, virDomainPtr domain, int event, int detail,
                        void *data)
{
    EndWatch *watch = data;

    (void)connection;
    (void)domain;
    (void)detail;
    if (watch->end == VM_END_DOWN &&
        (event == VIR_DOMAIN_EVENT_STOPPED || event == VIR_DOMAIN_EVENT_CRASHED))
        note_end(watch);
    if (watch->end == VM_END_SUSPENDED && event == VIR_DOMAIN_EVENT_PMSUSPENDED)
        note_end(watch);
    return 0;
}

static void on_reboot(virConnectPtr connection, virDomainPtr domain, void *data)
{
    (void)connection;
    (void)domain;
    note_end(data);
}

static int call_unwatch(LibvirtCall *call)
{
    return virConnectDomainEventDeregisterAny(call->connection, (int)call->number);
}

static void stop_watching(Vm *vm)
{
    Libvirt *libvirt = vm->data;
    Deadline deadline = deadline_in(vm->context->timeout_ms, -1);

    for (gsize i = 0; i < G_N_ELEMENTS(libvirt->callbacks); i++) {
        if (libvirt->callbacks[i] >= 0) {
            g_autoptr(LibvirtCall) call =
                libvirt_call_new(call_unwatch, virDomainGetConnect(libvirt->domain), NULL);

            call->number = libvirt->callbacks[i];
            libvirt_call_run(call, NULL, &deadline, NULL);
        }
        libvirt->callbacks[i] = -1;
    }
    watch_unref(g_steal_pointer(&libvirt->watch));
}

/* The watch is a reference of its own: libvirt gives it back if a callback was registered. */
static int call_watch(LibvirtCall *call)
{
    EndWatch *watch = call->data;
    virConnectDomainEventGenericCallback callback =
        call->flags == VIR_DOMAIN_EVENT_ID_REBOOT ? VIR_DOMAIN_EVENT_CALLBACK(on_reboot)
                                                  : VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle);

    g_atomic_int_inc(&watch->refs);
    call->value = virConnectDomainEventRegisterAny(virDomainGetConnect(call->domain), call->domain,
                                                   (int)call->flags, callback, watch, watch_unref);
    if (call->value < 0)
        watch_unref(watch);
    return call->value;
}

/* Returns the number of the callback, -1 with @error set. */
static int watch_event(Vm *vm, int event, const Deadline *deadline, GError **error)
{
    Libvirt *libvirt = vm->data;
    g_autoptr(LibvirtCall) call = libvirt_call_on(vm, call_watch, deadline, error);

    if (!call)
        return -1;
    g_atomic_int_inc(&libvirt->watch->refs);
    call->data = libvirt->watch;
    call->free_data = watch_unref;
    call->flags = (unsigned int)event;
    call->failure = "failed to watch the domain";
    return libvirt_call_run(call, NULL, deadline, error) ? call->value : -1;
}

static gboolean libvirt_expect(Vm *vm, VmEnd end, const Deadline *deadline, GError **error)
{
    Libvirt *libvirt = vm->data;

    stop_watching(vm);
    libvirt->watch = g_new0(EndWatch, 1);
    *libvirt->watch = (EndWatch){ 1, end, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    libvirt->callbacks[0] = watch_event(vm, VIR_DOMAIN_EVENT_ID_LIFECYCLE, deadline, error);
    if (libvirt->callbacks[0] < 0 || end != VM_END_RESET)
        return libvirt->callbacks[0] >= 0;
    libvirt->callbacks[1] = watch_event(vm, VIR_DOMAIN_EVENT_ID_REBOOT, deadline, error);
    return libvirt->callbacks[1] >= 0;
}

static gboolean libvirt_await(Vm *vm, VmEnd end, const Deadline *deadline, GError **error)
{
    Libvirt *libvirt = vm->data;

    (void)end;
    return deadline_poll(deadline, libvirt->watch->fd, POLLIN, error);
}

static gboolean libvirt_channel_find(Vm *vm, AgentChannel *channel, const Deadline *deadline,
                                     GError **error)
{
    g_autoptr(DomainXml) domain = libvirt_describe(vm, deadline, error);
    const DomainChannel *row = domain ? domain_xml_channel(domain, AGENT_CHANNEL_NAME) : NULL;

    if (!domain)
        return FALSE;
    channel->configured = row != NULL;
    if (!row) {
        channel->problem = g_strdup("the VM has no channel for the agent");
        channel->remedy = "virsh edit: add <channel type='unix'><target type='virtio' name='"
                          AGENT_CHANNEL_NAME "'/></channel> to <devices>, then shut the VM down "
                          "and start it";
        return TRUE;
    }
    channel->open_known = row->state != NULL;
    channel->open = g_strcmp0(row->state, "connected") == 0;
    channel->where = g_strdup(row->path);
    return TRUE;
}

static void libvirt_free(Vm *vm)
{
    Libvirt *libvirt = vm->data;

    stop_watching(vm);
    libvirt_end_unwatch(vm);
    virDomainFree(libvirt->domain);
    g_free(libvirt);
}

/* Takes @domain. */
static Vm *new_vm(LibvirtLink *link, virDomainPtr domain, const Context *context)
{
    Libvirt *libvirt = g_new0(Libvirt, 1);

    libvirt->link = link;
    libvirt->domain = domain;
    libvirt->callbacks[0] = libvirt->callbacks[1] = -1;
    return vm_new(&libvirt_backend, virDomainGetName(domain), context, libvirt);
}

/* A call on the link's connection; NULL with @error set. */
static LibvirtCall *call_on_link(LibvirtLink *link, LibvirtFunc func, const Deadline *deadline,
                                 GError **error)
{
    virConnectPtr connection = libvirt_link_connect(link, deadline, error);
    LibvirtCall *call;

    if (!connection)
        return NULL;
    call = libvirt_call_new(func, connection, NULL);
    virConnectClose(connection); /* the call has a reference */
    return call;
}

static Vm *libvirt_open(gpointer link, const char *name, const Context *context,
                        Reporter *reporter, GError **error)
{
    Deadline deadline = deadline_in(context->timeout_ms, context->cancel_fd);
    g_autoptr(LibvirtCall) call = call_on_link(link, call_lookup, &deadline, error);
    g_autoptr(GError) problem = NULL;

    (void)reporter;
    if (!call) {
        g_prefix_error(error, "%s: not in vms.ini, and ", name);
        return NULL;
    }
    call->text = g_strdup(name);
    call->failure = name;
    if (libvirt_call_run(call, NULL, &deadline, &problem))
        return new_vm(link, g_steal_pointer(&call->found), context);
    if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED))
        g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

static int call_list(LibvirtCall *call)
{
    call->value = virConnectListAllDomains(call->connection, &call->list, 0);
    return call->value;
}

/* A connection whose end was not yet noticed fails the first call: then another one is made. */
static LibvirtCall *list_domains(LibvirtLink *link, const Deadline *deadline, GError **error)
{
    g_autoptr(GError) problem = NULL;

    for (int attempt = 0; attempt < 2; attempt++) {
        g_autoptr(LibvirtCall) call = NULL;

        g_clear_error(&problem);
        call = call_on_link(link, call_list, deadline, &problem);
        if (!call)
            break;
        call->failure = "failed to list libvirt's domains";
        if (libvirt_call_run(call, NULL, deadline, &problem))
            return g_steal_pointer(&call);
        if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
            break;
    }
    if (problem->code != GUESTD_ERROR_CANCELLED)
        problem->code = GUESTD_ERROR_UNREACHABLE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return NULL;
}

static GPtrArray *libvirt_list(gpointer link, const Context *context, Reporter *reporter,
                               GError **error)
{
    Deadline deadline = deadline_in(context->timeout_ms, context->cancel_fd);
    g_autoptr(LibvirtCall) call = list_domains(link, &deadline, error);
    GPtrArray *vms;

    (void)reporter;
    if (!call)
        return NULL;
    vms = g_ptr_array_new_with_free_func((GDestroyNotify)vm_free);
    for (int i = 0; i < call->value; i++)
        g_ptr_array_add(vms, new_vm(link, g_steal_pointer(&call->list[i]), context));
    return vms;
}

static gpointer libvirt_start(const Context *context)
{
    return libvirt_link_new(context);
}

static void libvirt_stop(gpointer link)
{
    libvirt_link_free(link);
}

const Backend libvirt_backend = {
    .name = "libvirt",
    .where = "libvirt",
    .start = libvirt_start,
    .stop = libvirt_stop,
    .list = libvirt_list,
    .open = libvirt_open,
    .free = libvirt_free,
    .ask = libvirt_ask,
    .ask_max = MAX_REQUEST,
    .identity = libvirt_identity,
    .uuid = libvirt_uuid,
    .state = libvirt_state,
    .state_is_shared = TRUE,
    .act = libvirt_act,
    .condition = libvirt_condition,
    .halted = libvirt_halted,
    .expect = libvirt_expect,
    .await = libvirt_await,
    .disks = libvirt_disks,
    .channel_find = libvirt_channel_find,
    .snapshot = &libvirt_snapshot,
    .backup = &libvirt_backup,
    .off = &libvirt_off,
};
