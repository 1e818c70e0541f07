/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct Backends Backends;

/* What holds for a whole run of guestctl: its global options. Constant once it is set up. */
typedef struct {
    const char *uri;      /* of libvirt; NULL: its default for the system */
    const char *agent;    /* the agent's socket of a bare QEMU, or NULL */
    const char *qmp;      /* its monitor's socket, or NULL */
    GPtrArray *images;    /* its images while it is off, of const char *; NULL: none given */
    const char *match;    /* glob that VMs' names match, or NULL */
    gboolean all;         /* every VM */
    gboolean json;        /* output for programs */
    gboolean dry_run;     /* say what would be done */
    gboolean verbose;     /* show the dialogue */
    gint64 timeout_ms;    /* for an answer of the agent or the monitor */
    int cancel_fd;        /* readable once the user cancelled */
    gint *guards;         /* see context_guard(); NULL: none are counted */
    Backends *backends;   /* the kinds of VM; see host/vm/backend.h */
} Context;

/*
 * Around a step after whose first half guestctl must not end: the guest would stay frozen, or a
 * program in it would run on. The user's first signal waits for it. Every such step has a limit of
 * its own.
 */
static inline void context_guard(const Context *context)
{
    if (context->guards)
        g_atomic_int_inc(context->guards);
}

static inline void context_unguard(const Context *context)
{
    if (context->guards)
        g_atomic_int_add(context->guards, -1);
}

/* Whether options name the one VM by its sockets or images. */
static inline gboolean context_has_vm(const Context *context)
{
    return context->agent || context->qmp || context->images;
}

/* Answers that are not the guest's work, such as the monitor's, come within this time. */
#define DEFAULT_TIMEOUT_MS 10000
