/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/libvirt/vm.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libvirt/libvirt-qemu.h>
#include <libvirt/virterror.h>

#include "lib/errors.h"
#include "lib/json/writer.h"

#define DEFAULT_URI "qemu:///system"
/* What libvirt says before the text of an agent that answered with an error. */
#define REFUSAL "unable to execute QEMU agent command '"

struct LibvirtLink {
    virConnectPtr connection; /* made when it is first needed */
};

/* Who waits for an end, and each callback, hold it: one may yet run when it is deregistered. */
typedef struct {
    gint refs;
    VmEnd end;
    int fd; /* readable once that has come */
} EndWatch;

typedef struct {
    virDomainPtr domain; /* keeps its connection */
    EndWatch *watch;     /* NULL: none */
    int callbacks[2];    /* -1: none */
} Libvirt;

/* Errors are told by whoever asked; libvirt would print them as well. */
static void say_nothing(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

static gboolean libvirt_error(GError **error, int code, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

static gboolean libvirt_error(GError **error, int code, const char *format, ...)
{
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    text = g_strdup_vprintf(format, ap);
    va_end(ap);
    g_set_error(error, GUESTD_ERROR, code, "%s: %s", text, virGetLastErrorMessage());
    return FALSE;
}

/* Runs libvirt's event loop for as long as the program does. */
static gpointer run_events(gpointer unused)
{
    (void)unused;
    while (virEventRunDefaultImpl() >= 0)
        ;
    return NULL;
}

LibvirtLink *libvirt_link_new(void)
{
    return g_new0(LibvirtLink, 1);
}

void libvirt_link_free(LibvirtLink *link)
{
    if (link && link->connection)
        virConnectClose(link->connection);
    g_free(link);
}

static virConnectPtr connect_once(const Context *context, GError **error)
{
    LibvirtLink *link = context->libvirt;
    const char *uri = context->uri ? context->uri : DEFAULT_URI;

    if (link->connection)
        return link->connection;
    virSetErrorFunc(NULL, say_nothing);
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0) {
        libvirt_error(error, GUESTD_ERROR_UNREACHABLE, "libvirt");
        return NULL;
    }
    g_thread_unref(g_thread_new("libvirt-events", run_events, NULL));
    link->connection = virConnectOpenAuth(uri, virConnectAuthPtrDefault, 0);
    if (!link->connection)
        libvirt_error(error, GUESTD_ERROR_UNREACHABLE, "no libvirt at %s", uri);
    return link->connection;
}

/* libvirt does the synchronising; it tells the agent's error only as a text of its own. */
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

/* libvirt sends requests behind a sync of its own. */
static GuestdError kind_of_failure(const virError *failure, const Deadline *deadline)
{
    const char *message = failure && failure->message ? failure->message : "";

    if (failure && failure->code == VIR_ERR_OPERATION_TIMEOUT)
        return GUESTD_ERROR_TIMED_OUT;
    if (failure && failure->code == VIR_ERR_AGENT_UNRESPONSIVE)
        return strstr(message, "not connected")                          ? GUESTD_ERROR_UNREACHABLE
               : deadline->reply_ms && !strstr(message, "synchronization") ? GUESTD_ERROR_UNANSWERED
                                                                        : GUESTD_ERROR_TIMED_OUT;
    return GUESTD_ERROR_UNREACHABLE;
}

/*
 * libvirt's daemon may have been restarted: its VMs go on, and so must what was begun with
 * them, such as a thaw. What waits for an event of the old connection keeps that.
 */
static virDomainPtr domain_now(Vm *vm)
{
    Libvirt *libvirt = vm->backend;
    virConnectPtr connection = virDomainGetConnect(libvirt->domain);
    virDomainPtr domain;

    if (virConnectIsAlive(connection) != 0 || libvirt->callbacks[0] >= 0)
        return libvirt->domain;
    connection = virConnectOpenAuth(vm->context->uri ? vm->context->uri : DEFAULT_URI,
                                    virConnectAuthPtrDefault, 0);
    if (!connection)
        return libvirt->domain;
    domain = virDomainLookupByName(connection, vm->name);
    virConnectClose(connection);
    if (!domain)
        return libvirt->domain;
    virDomainFree(libvirt->domain);
    libvirt->domain = domain;
    return domain;
}

static gboolean libvirt_ask(Vm *vm, const GString *text, GString **reply, const Deadline *deadline,
                            GError **error)
{
    gint64 ms = deadline->reply_ms ? deadline->reply_ms : deadline_left_ms(deadline);
    int seconds = (int)MAX((ms + 999) / 1000, 1);
    char *answer = virDomainQemuAgentCommand(domain_now(vm), text->str, seconds, 0);

    *reply = NULL;
    if (answer) {
        *reply = g_string_new(answer);
        free(answer);
        return TRUE;
    }
    *reply = refusal_as_reply(virGetLastErrorMessage());
    return *reply ||
           libvirt_error(error, (int)kind_of_failure(virGetLastError(), deadline), "libvirt");
}

static VmState state_of(int state, virDomainPtr domain)
{
    switch (state) {
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
        return virDomainHasManagedSaveImage(domain, 0) == 1 ? VM_SAVED : VM_SHUT_OFF;
    default:
        return VM_UNDEFINED;
    }
}

static gboolean libvirt_state(Vm *vm, VmState *state, const Deadline *deadline, GError **error)
{
    Libvirt *libvirt = vm->backend;
    int now;

    (void)deadline;
    if (virDomainGetState(libvirt->domain, &now, NULL, 0) < 0)
        return libvirt_error(error, GUESTD_ERROR_FAILED, "state");
    *state = state_of(now, libvirt->domain);
    return TRUE;
}

static gboolean libvirt_act(Vm *vm, VmAction action, const Deadline *deadline, GError **error)
{
    virDomainPtr domain = ((Libvirt *)vm->backend)->domain;
    int result = -1;

    (void)deadline;
    switch (action) {
    case VM_DO_START:
        result = virDomainCreate(domain);
        break;
    case VM_DO_PAUSE:
        result = virDomainSuspend(domain);
        break;
    case VM_DO_RESUME:
        result = virDomainResume(domain);
        break;
    case VM_DO_RESET:
        result = virDomainReset(domain, 0);
        break;
    case VM_DO_ACPI_DOWN:
        result = virDomainShutdownFlags(domain, VIR_DOMAIN_SHUTDOWN_ACPI_POWER_BTN);
        break;
    case VM_DO_OFF:
        result = virDomainDestroy(domain);
        break;
    case VM_DO_WAKE:
        result = virDomainPMWakeup(domain, 0);
        break;
    }
    return result >= 0 || libvirt_error(error, GUESTD_ERROR_REFUSED, "libvirt refused");
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

    (void)n; /* it can only be full of ends already */
}

/* In the thread of the events. */
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

static void stop_watching(Libvirt *libvirt)
{
    virConnectPtr connection = virDomainGetConnect(libvirt->domain);

    for (gsize i = 0; i < G_N_ELEMENTS(libvirt->callbacks); i++) {
        if (libvirt->callbacks[i] >= 0)
            virConnectDomainEventDeregisterAny(connection, libvirt->callbacks[i]);
        libvirt->callbacks[i] = -1;
    }
    watch_unref(g_steal_pointer(&libvirt->watch));
}

/* Returns the number of the callback, -1 with libvirt's error set. */
static int watch_event(Libvirt *libvirt, int event, virConnectDomainEventGenericCallback callback)
{
    int number;

    g_atomic_int_inc(&libvirt->watch->refs);
    number = virConnectDomainEventRegisterAny(virDomainGetConnect(libvirt->domain),
                                              libvirt->domain, event, callback, libvirt->watch,
                                              watch_unref);
    if (number < 0)
        watch_unref(libvirt->watch);
    return number;
}

static gboolean libvirt_expect(Vm *vm, VmEnd end, const Deadline *deadline, GError **error)
{
    Libvirt *libvirt = vm->backend;

    (void)deadline;
    stop_watching(libvirt);
    libvirt->watch = g_new0(EndWatch, 1);
    *libvirt->watch = (EndWatch){ 1, end, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    libvirt->callbacks[0] = watch_event(libvirt, VIR_DOMAIN_EVENT_ID_LIFECYCLE,
                                        VIR_DOMAIN_EVENT_CALLBACK(on_lifecycle));
    if (end == VM_END_RESET)
        libvirt->callbacks[1] = watch_event(libvirt, VIR_DOMAIN_EVENT_ID_REBOOT,
                                            VIR_DOMAIN_EVENT_CALLBACK(on_reboot));
    return (libvirt->callbacks[0] >= 0 && (end != VM_END_RESET || libvirt->callbacks[1] >= 0)) ||
           libvirt_error(error, GUESTD_ERROR_FAILED, "watching the domain");
}

static gboolean libvirt_await(Vm *vm, VmEnd end, const Deadline *deadline, GError **error)
{
    Libvirt *libvirt = vm->backend;

    (void)end;
    return deadline_poll(deadline, libvirt->watch->fd, POLLIN, error);
}

static void libvirt_free(Vm *vm)
{
    Libvirt *libvirt = vm->backend;

    stop_watching(libvirt);
    virDomainFree(libvirt->domain);
    g_free(libvirt);
}

static const VmOps libvirt_ops = {
    .kind = "libvirt",
    .ask = libvirt_ask,
    .state = libvirt_state,
    .act = libvirt_act,
    .expect = libvirt_expect,
    .await = libvirt_await,
    .free = libvirt_free,
};

gboolean vm_is_libvirt(const Vm *vm)
{
    return vm->ops == &libvirt_ops;
}

gpointer vm_libvirt_domain(Vm *vm)
{
    return domain_now(vm);
}

char *vm_libvirt_xml(Vm *vm, GError **error)
{
    char *xml = virDomainGetXMLDesc(domain_now(vm), 0);
    char *copy = g_strdup(xml);

    free(xml);
    if (!copy)
        libvirt_error(error, GUESTD_ERROR_FAILED, "the domain's XML");
    return copy;
}

/* Takes @domain. */
static Vm *vm_new(virDomainPtr domain, const Context *context)
{
    Libvirt *libvirt = g_new0(Libvirt, 1);
    Vm *vm = g_new0(Vm, 1);

    libvirt->domain = domain;
    libvirt->callbacks[0] = libvirt->callbacks[1] = -1;
    vm->name = g_strdup(virDomainGetName(domain));
    vm->context = context;
    vm->ops = &libvirt_ops;
    vm->backend = libvirt;
    return vm;
}

Vm *vm_libvirt_find(const char *name, const Context *context, GError **error)
{
    virConnectPtr connection = connect_once(context, error);
    virDomainPtr domain;

    if (!connection) {
        g_prefix_error(error, "%s is not in vms.ini, and ", name);
        return NULL;
    }
    domain = virDomainLookupByName(connection, name);
    if (!domain)
        domain = virDomainLookupByUUIDString(connection, name);
    if (domain)
        return vm_new(domain, context);
    set_error(error, "there is no VM '%s', neither in libvirt nor in vms.ini; "
                     "\"guestctl list\" shows those that there are", name);
    return NULL;
}

GPtrArray *vm_libvirt_all(const Context *context, GError **error)
{
    GPtrArray *vms;
    virDomainPtr *domains = NULL;
    virConnectPtr connection = connect_once(context, error);
    int n;

    if (!connection)
        return NULL;
    n = virConnectListAllDomains(connection, &domains, 0);
    if (n < 0) {
        libvirt_error(error, GUESTD_ERROR_FAILED, "list of domains");
        return NULL;
    }
    vms = g_ptr_array_new_with_free_func((GDestroyNotify)vm_free);
    for (int i = 0; i < n; i++)
        g_ptr_array_add(vms, vm_new(domains[i], context));
    free(domains);
    return vms;
}
