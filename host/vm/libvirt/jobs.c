/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "host/vm/libvirt/domain.h"
#include "lib/errors.h"

/* libvirt reports no progress by events. */
#define LOOK_MS 250
/* For an event of what has happened already. */
#define EVENT_MS 5000

/*
 * The daemon may be restarted while a job runs, and the job continues: for as long as an answer may
 * take, losing the connection does not fail. @lost_at: 0 while there is one.
 */
static gboolean may_come_back(Vm *vm, const GError *problem, gint64 *lost_at)
{
    gint64 now = g_get_monotonic_time();

    if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        return FALSE;
    if (*lost_at == 0)
        *lost_at = now;
    return now - *lost_at < vm->context->timeout_ms * 1000;
}

gboolean libvirt_job_follow(Vm *vm, LibvirtLook look, gpointer data, Progress *progress,
                            int cancel_fd, GError **error)
{
    gint64 lost_at = 0;

    for (;;) {
        Deadline deadline = deadline_in(vm->context->timeout_ms, cancel_fd);
        Deadline pause = deadline_in(LOOK_MS, cancel_fd);
        g_autoptr(GError) waited = NULL;
        g_autoptr(GError) problem = NULL;
        LibvirtJobState state = look(vm, data, progress, &deadline, &problem);

        if (state == LIBVIRT_JOB_DONE)
            return TRUE;
        if (state == LIBVIRT_JOB_RUNS) {
            lost_at = 0;
        } else if (!may_come_back(vm, problem, &lost_at)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        deadline_poll(&pause, -1, 0, &waited);
        if (g_error_matches(waited, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
            continue;
        g_propagate_error(error, g_steal_pointer(&waited));
        return FALSE;
    }
}

/* Held by the Vm and by the callback, which runs in the thread of libvirt's events. */
struct EndOfJob {
    gint refs;
    GMutex lock;
    LibvirtEnd end; /* of the first job that ended; with the lock held */
    char *reason;   /* likewise */
    int fd;         /* readable once a job has ended */
    virConnectPtr connection; /* that the callback is registered with; a reference */
    int callback;
};

static void end_unref(void *data)
{
    EndOfJob *end = data;

    if (!end || !g_atomic_int_dec_and_test(&end->refs))
        return;
    if (end->fd >= 0)
        close(end->fd);
    g_mutex_clear(&end->lock);
    g_free(end->reason);
    g_free(end);
}

static void on_completed(virConnectPtr connection, virDomainPtr domain,
                         virTypedParameterPtr params, int n_params, void *data)
{
    EndOfJob *end = data;
    const char *text = NULL;
    int operation = VIR_DOMAIN_JOB_OPERATION_UNKNOWN, success = 0;
    guint64 one = 1;

    (void)connection;
    (void)domain;
    virTypedParamsGetInt(params, n_params, VIR_DOMAIN_JOB_OPERATION, &operation);
    if (operation != VIR_DOMAIN_JOB_OPERATION_BACKUP)
        return;
    virTypedParamsGetBoolean(params, n_params, VIR_DOMAIN_JOB_SUCCESS, &success);
    virTypedParamsGetString(params, n_params, VIR_DOMAIN_JOB_ERRMSG, &text);
    g_mutex_lock(&end->lock);
    if (end->end == LIBVIRT_END_UNKNOWN) {
        end->end = success ? LIBVIRT_END_SUCCESS : LIBVIRT_END_FAILURE;
        end->reason = g_strdup(text);
        (void)!write(end->fd, &one, sizeof one);
    }
    g_mutex_unlock(&end->lock);
}

/* The callback's reference is given back by libvirt, if it was registered. */
static int call_register(LibvirtCall *call)
{
    EndOfJob *end = call->data;

    g_atomic_int_inc(&end->refs);
    call->value = virConnectDomainEventRegisterAny(
        virDomainGetConnect(call->domain), call->domain, VIR_DOMAIN_EVENT_ID_JOB_COMPLETED,
        VIR_DOMAIN_EVENT_CALLBACK(on_completed), end, end_unref);
    if (call->value < 0)
        end_unref(end);
    return call->value;
}

static int call_deregister(LibvirtCall *call)
{
    return virConnectDomainEventDeregisterAny(call->connection, (int)call->number);
}

gboolean libvirt_end_watch(Vm *vm, const Deadline *deadline, GError **error)
{
    EndOfJob **slot = libvirt_end(vm), *end;
    g_autoptr(LibvirtCall) call = NULL;

    if (*slot && virConnectIsAlive((*slot)->connection) != 0)
        return TRUE;
    libvirt_end_unwatch(vm);
    call = libvirt_call_on(vm, call_register, deadline, error);
    if (!call)
        return FALSE;
    end = g_new0(EndOfJob, 1);
    end->refs = 2;
    g_mutex_init(&end->lock);
    end->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    call->data = end;
    call->free_data = end_unref;
    call->failure = "failed to watch the domain's jobs";
    if (!libvirt_call_run(call, NULL, deadline, error)) {
        end_unref(end);
        return FALSE;
    }
    end->callback = call->value;
    end->connection = virDomainGetConnect(libvirt_domain(vm));
    virConnectRef(end->connection);
    *slot = end;
    return TRUE;
}

void libvirt_end_unwatch(Vm *vm)
{
    EndOfJob *end = g_steal_pointer(libvirt_end(vm));
    Deadline deadline = deadline_in(vm->context->timeout_ms, vm->context->cancel_fd);
    g_autoptr(LibvirtCall) call = NULL;

    if (!end)
        return;
    call = libvirt_call_new(call_deregister, end->connection, NULL);
    call->number = end->callback;
    virConnectClose(end->connection); /* the call has a reference */
    libvirt_call_run(call, NULL, &deadline, NULL);
    end_unref(end);
}

LibvirtEnd libvirt_end_take(Vm *vm, char **reason)
{
    EndOfJob *end = *libvirt_end(vm);
    LibvirtEnd how;
    guint64 count;

    g_mutex_lock(&end->lock);
    how = end->end;
    end->end = LIBVIRT_END_UNKNOWN;
    *reason = g_steal_pointer(&end->reason);
    (void)!read(end->fd, &count, sizeof count);
    g_mutex_unlock(&end->lock);
    return how;
}

LibvirtEnd libvirt_end_await(Vm *vm, char **reason, const Deadline *deadline, GError **error)
{
    EndOfJob *end = *libvirt_end(vm);
    Deadline soon = deadline_in(EVENT_MS, deadline->cancel_fd);
    g_autoptr(GError) problem = NULL;

    if (!deadline_poll(&soon, end->fd, POLLIN, &problem)) {
        if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
            set_error(error, "libvirt's backup job has ended, and libvirt did not report how");
        else
            g_propagate_error(error, g_steal_pointer(&problem));
        return LIBVIRT_END_UNKNOWN;
    }
    return libvirt_end_take(vm, reason);
}
