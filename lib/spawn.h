/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* A child process that is waited for, but never longer than a deadline. */
typedef struct {
    const char *const *argv;        /* argv[0] is searched in PATH; NULL-terminated */
    const char *const *environment; /* NAME=value, besides our own; NULL: nothing to add */
    const char *input;              /* what standard input holds; NULL: it is /dev/null */
    gsize input_len;                /* at most SPAWN_MAX_INPUT */
    gint64 until;                   /* monotonic microseconds; then its process group is killed */
    int cancel_fd;                  /* becomes readable to give up earlier; -1: never */
} SpawnRequest;

typedef struct {
    int status;          /* as waitpid(2) tells it */
    gboolean timed_out;  /* killed at the deadline */
    gboolean cancelled;  /* killed because of cancel_fd */
    GString *output;     /* what it wrote to standard output and error, together */
} SpawnResult;

/* A pipe takes so much before anybody reads, so a child that does not read holds up nobody. */
#define SPAWN_MAX_INPUT 4096
/* More of a child's output is read and dropped. */
#define SPAWN_MAX_OUTPUT (64 * 1024)

/*
 * Runs a program with its input on standard input, in a session of its own, and
 * waits for its end. A daemon that it leaves behind on its pipes is not waited
 * for. Returns FALSE with @error set if it cannot be started; otherwise @result
 * is filled, to be cleared with spawn_result_clear(). To be called from workers.
 */
gboolean spawn_run(const SpawnRequest *request, SpawnResult *result, GError **error);
void spawn_result_clear(SpawnResult *result);

/*
 * Whether the child ended well. If not, @error is set to qemu-ga's text: "child
 * process has failed to <action>: <output>", with ours for a deadline.
 */
gboolean spawn_check(const SpawnResult *result, const char *action, GError **error);
