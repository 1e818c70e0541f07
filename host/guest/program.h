/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/value-get.h"
#include "host/vm/vm.h"

/* A program in the guest, as "guestctl VM exec" sees it. */

enum { PROGRAM_OUT, PROGRAM_ERR, PROGRAM_STREAMS };

typedef struct {
    Vm *vm;
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
 * Starts the program of @request, a guest-exec. Ctrl-C does not interrupt the request: the
 * program would run on unknown to guestctl.
 */
gboolean program_start(Program *program, HostRequest *request, GError **error);

/* Writes @len bytes of output to guestctl's own. FALSE with @error set if that fails. */
gboolean program_output(Program *program, int stream, const char *data, gsize len,
                        GError **error);

/* Calls guest-exec-status once and stores the result in @program; @output: with the output. */
gboolean program_ask_status(Program *program, gboolean output, GError **error);

/*
 * Waits for the program's end. With guestd, its output arrives while it runs, and the agent
 * kills it if the user cancels...
 */
gboolean program_follow(Program *program, GError **error);

/* ...with any other agent, the output arrives at the end, and it cannot be killed. */
gboolean program_await(Program *program, GError **error);
