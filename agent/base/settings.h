/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What arguments of commands are restricted to; each is a list in the configuration. */
typedef enum {
    RULE_PROGRAMS,       /* paths and globs of programs */
    RULE_PROGRAM_USERS,  /* users that they run as */
    RULE_READ,           /* directories below which files are read */
    RULE_WRITE,          /* the same for writing */
    RULE_PASSWORD_USERS, /* whose password is set */
    RULE_KEY_USERS,      /* users whose keys are listed and changed */
    N_RULES,
} Rule;

#define RULE_BIT(rule) (1u << (rule))

/*
 * The command line and the configuration file, with defaults filled in.
 * agent/options/options-table.c maps options and keys to members.
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
    char *profile;             /* NULL: full */
    GPtrArray *rules[N_RULES]; /* NULL: not set; empty: nothing is allowed */
    char *vsock_peers;
    gboolean trace_wire;
    GPtrArray *fsfreeze_exclude;
    gint64 freeze_timeout_s;   /* until the agent thaws by itself; 0: never */
    gint64 freeze_deadline_s;  /* for freezing all filesystems */
    gint64 hook_timeout_s;     /* for each call of a hook */
    gint64 presync_limit_s;    /* for syncing before the freeze; 0: no syncing */
    gint64 presync_target_ms;  /* a sync round that takes no longer is the last */
    GPtrArray *interfaces_exclude; /* globs */
    gint64 space_threshold;    /* percent; 0: no event */
    gboolean hotplug_online;   /* set plugged CPUs and memory online */

    int listen_fd; /* from socket activation, or -1 */
} Settings;
