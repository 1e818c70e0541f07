/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "agent/base/child-input.h"
#include "agent/base/child-output.h"

/*
 * A child process that the main loop serves: it reads the output, writes the input, and reaps the
 * process as soon as it exits, whether or not a client asks for the status.
 */
typedef struct Child Child;

typedef enum { CHILD_OUT, CHILD_ERR, CHILD_STREAMS } ChildStream;

typedef struct {
    pid_t pid;
    int watch_fd;           /* from child_start() */
    int in;                 /* our end of its standard input; -1: none */
    int out[CHILD_STREAMS]; /* our ends of the captured streams; -1: not captured */
    gsize limit;            /* bytes kept of each */
    guint timeout_s;        /* until its process group is killed; 0: unlimited */
    guint grace_ms;         /* how long its pipes are read after its exit */
} ChildPlan;

/* Called from the main loop; @func must not free the child. */
typedef struct {
    /* More output, or room for more input. */
    void (*changed)(Child *child, gpointer data);
    /*
     * Called once, as the last call: the child has exited, and its pipes are at their end or the
     * grace period is over. Pipes that other processes hold open are still read.
     */
    void (*finished)(Child *child, gpointer data);
} ChildEvents;

/* Takes ownership of the descriptors of @plan. */
Child *child_new(const ChildPlan *plan, CaptureBudget *budget, const ChildEvents *events,
                 gpointer data);
/* A child that still runs keeps running and is not reaped: for the end of the agent. */
void child_free(Child *child);

pid_t child_pid(const Child *child);
gboolean child_finished(const Child *child);
/* As waitpid(2) reports it; valid once the child is finished. */
int child_status(const Child *child);
gboolean child_timed_out(const Child *child);

/* NULL if that stream is not captured, or was taken. */
Capture *child_capture(const Child *child, ChildStream stream);
/* The capture is the caller's from now on. */
Capture *child_take_capture(Child *child, ChildStream stream);
/* NULL if the child has no input, and after its exit. */
Feed *child_feed(const Child *child);

/*
 * Sends a signal to the child's process group or to the child alone. Returns FALSE with errno set;
 * ESRCH after its exit, when the pid may belong to another process.
 */
gboolean child_kill(Child *child, int signum, gboolean group);
