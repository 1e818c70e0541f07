/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/schema.h"
#include "commands/exec/process.h"

/* The arguments and the result of guest-exec, for the files that implement it. */

enum { CAPTURE_NONE, CAPTURE_STDOUT, CAPTURE_STDERR, CAPTURE_SEPARATED, CAPTURE_MERGED };

typedef struct {
    bool has_arg;
    bool has_env;
    bool has_input_data;
    bool has_capture_output;
    bool has_timeout;
    bool has_wait;
    bool has_input_open;
    bool input_open;
    const char *path;
    List arg; /* of const char * */
    List env;
    Bytes input_data;
    Alternate capture_output;
    gint64 timeout;
    gint64 wait;
    const char *cwd;
    const char *user;
} ExecArgs;

/* The result of guest-exec and of guest-exec-status. */
typedef struct {
    bool has_exitcode;
    bool has_err_data;
    bool has_out_data;
    bool has_err_truncated;
    bool has_signal;
    bool has_out_truncated;
    bool has_exited;
    bool has_timed_out;
    bool exited;
    bool err_truncated;
    bool out_truncated;
    bool timed_out;
    gint64 pid;
    gint64 exitcode;
    gint64 signal;
    Bytes err_data;
    Bytes out_data;
} ExecResult;

/*
 * Fills @result with the state of @process; a process that has exited is then forgotten. Output
 * and strings belong to the arena of @call. Main thread.
 */
void exec_tell(Process *process, Call *call, ExecResult *result);

/*
 * Starts the program of guest-exec on a worker, which completes @call. Returns FALSE with @error
 * set if no thread can be started. Main thread.
 */
gboolean exec_launch(Exec *exec, Call *call, GError **error);
