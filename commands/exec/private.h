/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/schema.h"
#include "commands/exec/process.h"

/* The arguments and the answer of guest-exec, for the files that deal with it. */

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

/* Of guest-exec and of guest-exec-status. */
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

/* Fills in what is known of @process; a result that is told is forgotten. */
void exec_tell(Process *process, Call *call, ExecResult *result);

/* Starts what guest-exec asks for, on a thread, and completes @call. FALSE if that cannot be. */
gboolean exec_launch(Exec *exec, Call *call, GError **error);
