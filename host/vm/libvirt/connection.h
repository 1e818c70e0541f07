/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <libvirt/libvirt.h>

#include "host/base/context.h"
#include "host/base/deadline-call.h"

/*
 * The connection to libvirt that all VMs of a run share. It is made when it is first needed, and
 * again when it was lost: the daemon may be restarted while guestctl, such as its exporter, runs.
 * Any thread may use it.
 */
typedef struct LibvirtLink LibvirtLink;

LibvirtLink *libvirt_link_new(const Context *context);
/* Closes the connection, unless the daemon does not answer. */
void libvirt_link_free(LibvirtLink *link);

/*
 * The connection, with a reference that the caller gives back with virConnectClose(). NULL with
 * @error set: GUESTD_ERROR_UNREACHABLE, _TIMED_OUT or _CANCELLED.
 */
virConnectPtr libvirt_link_connect(LibvirtLink *link, const Deadline *deadline, GError **error);

/*
 * One call of libvirt that may block: all remote ones do while the daemon hangs. It runs in a
 * thread of its own, so that a deadline and Ctrl-C hold. Arguments and results are in the call,
 * which belongs to both threads; after GUESTD_ERROR_TIMED_OUT or _CANCELLED the results are not
 * to be touched.
 */
typedef struct LibvirtCall LibvirtCall;

/* In the call's thread. Returns a negative number if libvirt failed, with its error set. */
typedef int (*LibvirtFunc)(LibvirtCall *call);

struct LibvirtCall {
    LibvirtFunc func;
    const char *failure;      /* what the error's text begins with */
    virConnectPtr connection; /* a reference; NULL: the call needs none */
    virDomainPtr domain;      /* likewise */
    /* Arguments; strings are the call's. */
    char *text, *more;
    char **names;
    gint64 number;
    unsigned int flags;
    gpointer data;
    GDestroyNotify free_data;
    /* Results. */
    int value, reason;
    char *string; /* from malloc() */
    virTypedParameterPtr params;
    int n_params;
    union {
        virDomainBlockInfo block;
        virDomainBlockJobInfo job;
    } info;
    virDomainPtr found;
    virDomainPtr *list; /* of @value domains */
    virConnectPtr opened;
    int code; /* of libvirt's error */
    char *message;
};

/* A call on @connection and @domain, each of which may be NULL. */
LibvirtCall *libvirt_call_new(LibvirtFunc func, virConnectPtr connection, virDomainPtr domain);
void libvirt_call_unref(LibvirtCall *call);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(LibvirtCall, libvirt_call_unref)

/*
 * Makes the call. FALSE with @error set: GUESTD_ERROR_REFUSED if libvirt failed, _UNREACHABLE
 * if the connection was lost, or _TIMED_OUT or _CANCELLED; the call is then in *@slot, if @slot is
 * not NULL (see deadline_call_run()).
 */
gboolean libvirt_call_run(LibvirtCall *call, DeadlineCall **slot, const Deadline *deadline,
                          GError **error);
