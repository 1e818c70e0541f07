/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A child process and how long to wait for it. */
typedef struct {
    const char *const *argv;        /* argv[0] is searched in PATH; NULL-terminated */
    const char *const *environment; /* NAME=value, in addition to our own; NULL: none */
    const char *input;              /* content of standard input; NULL: /dev/null */
    gsize input_len;                /* at most SPAWN_MAX_INPUT */
    gint64 until;                   /* monotonic microseconds; then its process group is killed */
    int cancel_fd;                  /* becomes readable to cancel; -1: never */
} SpawnRequest;

typedef struct {
    int status;          /* as waitpid(2) reports it */
    gboolean timed_out;  /* killed at the deadline */
    gboolean cancelled;  /* killed because of cancel_fd */
    GString *output;     /* its standard output and standard error, merged */
} SpawnResult;

/*
 * A pipe holds this much unread (PIPE_BUF of Linux, pipe(7)), so a child that does not read its
 * input does not block the caller.
 */
#define SPAWN_MAX_INPUT 4096
/* Output beyond this is read and dropped. */
#define SPAWN_MAX_OUTPUT (64 * 1024)

/*
 * Runs a program in a session of its own and waits for its exit, but not for a daemon that it
 * leaves behind on its pipes. Returns FALSE with @error set if the program cannot be started;
 * otherwise fills @result, which the caller clears with spawn_result_clear(). To be called from
 * workers.
 */
gboolean spawn_run(const SpawnRequest *request, SpawnResult *result, GError **error);
void spawn_result_clear(SpawnResult *result);

/*
 * Whether the child exited with status 0. If not, sets @error to qemu-ga's text, "child process has
 * failed to <action>: <output>", or to ours for a deadline.
 */
gboolean spawn_check(const SpawnResult *result, const char *action, GError **error);
