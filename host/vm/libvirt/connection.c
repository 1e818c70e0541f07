/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/libvirt/connection.h"

#include <unistd.h>

#include <libvirt/virterror.h>

#include "lib/errors.h"

#define DEFAULT_URI "qemu:///system"
/* For a password that libvirt asks a person for. */
#define PERSON_MS (120 * 1000)
/* For the daemon to confirm the end of a connection. */
#define CLOSE_MS 1000

struct LibvirtLink {
    const Context *context;
    GMutex lock; /* what follows is used with it held */
    gboolean started; /* libvirt's event loop runs */
    virConnectPtr connection; /* NULL: none yet */
};

/* libvirt would print its errors besides returning them. */
static void print_nothing(void *data, virErrorPtr error)
{
    (void)data;
    (void)error;
}

/* Runs libvirt's event loop until the program exits. */
static gpointer run_events(gpointer unused)
{
    (void)unused;
    while (virEventRunDefaultImpl() >= 0)
        ;
    return NULL;
}

LibvirtLink *libvirt_link_new(const Context *context)
{
    LibvirtLink *link = g_new0(LibvirtLink, 1);

    link->context = context;
    g_mutex_init(&link->lock);
    return link;
}

static int call_close(LibvirtCall *call)
{
    virConnectClose(g_steal_pointer(&call->connection));
    return 0;
}

void libvirt_link_free(LibvirtLink *link)
{
    if (link->connection) {
        g_autoptr(LibvirtCall) call = libvirt_call_new(call_close, link->connection, NULL);
        Deadline deadline = deadline_in(CLOSE_MS, -1);

        virConnectClose(link->connection); /* the call has the last reference */
        libvirt_call_run(call, NULL, &deadline, NULL);
    }
    g_mutex_clear(&link->lock);
    g_free(link);
}

static int call_open(LibvirtCall *call)
{
    call->opened = virConnectOpenAuth(call->text, virConnectAuthPtrDefault, 0);
    return call->opened ? 0 : -1;
}

static gboolean start_locked(LibvirtLink *link, GError **error)
{
    if (link->started)
        return TRUE;
    virSetErrorFunc(NULL, print_nothing);
    if (virInitialize() < 0 || virEventRegisterDefaultImpl() < 0) {
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE, "failed to start libvirt: %s",
                    virGetLastErrorMessage());
        return FALSE;
    }
    g_thread_unref(g_thread_new("libvirt-events", run_events, NULL));
    link->started = TRUE;
    return TRUE;
}

static gboolean open_locked(LibvirtLink *link, const Deadline *deadline, GError **error)
{
    g_autoptr(LibvirtCall) call = libvirt_call_new(call_open, NULL, NULL);
    const char *uri = link->context->uri ? link->context->uri : DEFAULT_URI;
    Deadline patient = deadline_in(PERSON_MS, deadline->cancel_fd);
    g_autoptr(GError) problem = NULL;

    if (!start_locked(link, error))
        return FALSE;
    call->text = g_strdup(uri);
    call->failure = "connect";
    if (libvirt_call_run(call, NULL, isatty(STDIN_FILENO) > 0 ? &patient : deadline, &problem)) {
        link->connection = g_steal_pointer(&call->opened);
        return TRUE;
    }
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED))
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE,
                    "failed to connect to libvirt at %s: %s", uri, call->message);
    else
        g_propagate_prefixed_error(error, g_steal_pointer(&problem),
                                   "failed to connect to libvirt at %s: ", uri);
    return FALSE;
}

/* virConnectIsAlive() does not block: it looks at what the event loop knows of the socket. */
virConnectPtr libvirt_link_connect(LibvirtLink *link, const Deadline *deadline, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&link->lock);

    if (link->connection && virConnectIsAlive(link->connection) == 0)
        virConnectClose(g_steal_pointer(&link->connection));
    if (!link->connection && !open_locked(link, deadline, error))
        return NULL;
    virConnectRef(link->connection);
    return link->connection;
}

LibvirtCall *libvirt_call_new(LibvirtFunc func, virConnectPtr connection, virDomainPtr domain)
{
    LibvirtCall *call = g_atomic_rc_box_new0(LibvirtCall);

    call->func = func;
    call->failure = "libvirt refused";
    call->connection = connection;
    call->domain = domain;
    if (connection)
        virConnectRef(connection);
    if (domain)
        virDomainRef(domain);
    return call;
}

static void call_clear(gpointer data)
{
    LibvirtCall *call = data;

    for (int i = 0; call->list && i < call->value; i++)
        if (call->list[i])
            virDomainFree(call->list[i]);
    free(call->list);
    if (call->found)
        virDomainFree(call->found);
    if (call->domain)
        virDomainFree(call->domain);
    if (call->opened)
        virConnectClose(call->opened);
    if (call->connection)
        virConnectClose(call->connection);
    virTypedParamsFree(call->params, call->n_params);
    if (call->free_data)
        call->free_data(call->data);
    free(call->string);
    g_free(call->text);
    g_free(call->more);
    g_strfreev(call->names);
    g_free(call->message);
}

void libvirt_call_unref(LibvirtCall *call)
{
    g_atomic_rc_box_release_full(call, call_clear);
}

static gboolean is_alive(const LibvirtCall *call)
{
    virConnectPtr connection = call->domain ? virDomainGetConnect(call->domain) : call->connection;

    return !connection || virConnectIsAlive(connection) != 0;
}

/* libvirt's error belongs to the thread that it occurs in. */
static gboolean perform(gpointer data, GError **error)
{
    LibvirtCall *call = data;

    if (call->func(call) >= 0)
        return TRUE;
    call->code = virGetLastErrorCode();
    call->message = g_strdup(virGetLastErrorMessage());
    g_set_error(error, GUESTD_ERROR,
                is_alive(call) ? GUESTD_ERROR_REFUSED : GUESTD_ERROR_UNREACHABLE, "%s: %s",
                call->failure, call->message);
    return FALSE;
}

gboolean libvirt_call_run(LibvirtCall *call, DeadlineCall **slot, const Deadline *deadline,
                          GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (deadline_call_run(slot, perform, call, call_clear, deadline, &problem))
        return TRUE;
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT,
                            "libvirt did not answer in time");
    else
        g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}
