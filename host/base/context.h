/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

typedef struct Backends Backends;

/* What holds for a whole run of guestctl: its global options. Constant once it is set up. */
typedef struct {
    const char *uri;      /* of libvirt; NULL: its default for the system */
    const char *agent;    /* the agent's socket of a bare QEMU, or NULL */
    const char *qmp;      /* its monitor's socket, or NULL */
    const char *match;    /* glob that VMs' names match, or NULL */
    gboolean all;         /* every VM */
    gboolean json;        /* output for programs */
    gboolean dry_run;     /* say what would be done */
    gboolean verbose;     /* show the dialogue */
    gint64 timeout_ms;    /* for an answer of the agent or the monitor */
    int cancel_fd;        /* readable once the user cancelled */
    Backends *backends;   /* the kinds of VM; see host/vm/backend.h */
} Context;

/* Answers that are not the guest's work, such as the monitor's, come within this time. */
#define DEFAULT_TIMEOUT_MS 10000
