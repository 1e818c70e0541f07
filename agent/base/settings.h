/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * What command line and configuration file said, with defaults filled in. The
 * table in agent/core/options.c says which option and key sets which member.
 */
typedef struct {
    gboolean daemonize;
    char *method;
    char *path;
    char *logfile;
    char *pidfile;
    char *fsfreeze_hook;
    char *statedir;
    gboolean verbose;
    gboolean retry_path;
    GPtrArray *block_rpcs;
    GPtrArray *allow_rpcs;
    /* guestd's own: */
    char *vsock_peers;
    gboolean trace_wire;

    int listen_fd; /* from socket activation, or -1 */
} Settings;
