/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/value-get.h"
#include "host/cli/verb.h"

/* A program in the guest, as "guestctl VM exec" sees it. */

enum { PROGRAM_OUT, PROGRAM_ERR, PROGRAM_STREAMS };

typedef struct {
    Job *job;
    gboolean streams;  /* its output goes to ours as it comes; else it is kept */
    gboolean has_input; /* ours is passed on */
    GString *kept[PROGRAM_STREAMS];
    gint64 pid; /* 0: it was not started */
    gboolean ended; /* what follows is known */
    gint64 exitcode; /* -1: none */
    gint64 signal;   /* -1: none */
    gboolean timed_out;
    gboolean truncated; /* the agent dropped some of its output */
} Program;

/*
 * Starts what @request (a guest-exec) says. Ctrl-C waits for the answer: else nobody knew
 * what was started.
 */
gboolean program_start(Program *program, HostRequest *request, GError **error);

/* Passes @len bytes of output on. FALSE with @error if ours does not take them. */
gboolean program_output(Program *program, int stream, const char *data, gsize len,
                        GError **error);

/* Asks guest-exec-status, once, and puts into @program what it says. @output: also its output. */
gboolean program_ask_status(Program *program, gboolean output, GError **error);

/*
 * Goes on until the end of the program, which has been started: with guestd, its output
 * comes while it runs, and if the user gives up, it is killed...
 */
gboolean program_follow(Program *program, GError **error);

/* ...with any other agent, the output comes at the end, and it cannot be killed. */
gboolean program_await(Program *program, GError **error);
