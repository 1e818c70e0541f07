/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* What the arguments of commands may name; each is a list of the configuration. */
typedef enum {
    RULE_PROGRAMS,       /* paths and globs of programs */
    RULE_PROGRAM_USERS,  /* whom they run as */
    RULE_READ,           /* directories below which files are read */
    RULE_WRITE,          /* the same for writing */
    RULE_PASSWORD_USERS, /* whose password is set */
    RULE_KEY_USERS,      /* whose keys are told and changed */
    N_RULES,
} Rule;

#define RULE_BIT(rule) (1u << (rule))

/*
 * What command line and configuration file said, with defaults filled in. The
 * table in agent/core/options-table.c says which option and key sets which member.
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
    gint64 freeze_timeout_s;   /* then the agent thaws by itself; 0: never */
    gint64 freeze_deadline_s;  /* for getting frozen */
    gint64 hook_timeout_s;     /* for each call of a hook */
    gint64 presync_limit_s;    /* for syncing beforehand; 0: no syncing */
    gint64 presync_target_ms;  /* a round this quick is the last */
    GPtrArray *interfaces_exclude; /* globs */
    gint64 space_threshold;    /* percent; 0: no event tells of it */
    gboolean hotplug_online;   /* CPUs and memory that are plugged in are put online */

    int listen_fd; /* from socket activation, or -1 */
} Settings;
