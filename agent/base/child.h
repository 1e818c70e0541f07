/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <sys/types.h>

#include "agent/base/child-input.h"
#include "agent/base/child-output.h"

/*
 * A child process that the main loop looks after: its output is read, its input
 * written, its end seen and the process buried at once, whether or not anybody asks.
 */
typedef struct Child Child;

typedef enum { CHILD_OUT, CHILD_ERR, CHILD_STREAMS } ChildStream;

typedef struct {
    pid_t pid;
    int watch_fd;           /* from child_start() */
    int in;                 /* our end of its standard input; -1: none */
    int out[CHILD_STREAMS]; /* our ends of what is captured; -1: not */
    gsize limit;            /* bytes kept of each */
    guint timeout_s;        /* then its process group is killed; 0: never */
    guint grace_ms;         /* how long after its end its pipes are waited for */
} ChildPlan;

/* Called from the main loop; @func must not free the child. */
typedef struct {
    /* More output, or room for more input. */
    void (*changed)(Child *child, gpointer data);
    /*
     * Once, last of all: the child has ended, and its pipes have, too, or the grace is
     * over. Pipes that others hold open are read on.
     */
    void (*finished)(Child *child, gpointer data);
} ChildEvents;

/* Takes over the descriptors of @plan. */
Child *child_new(const ChildPlan *plan, CaptureBudget *budget, const ChildEvents *events,
                 gpointer data);
/* A child that still runs is left alone, and nobody will bury it: for the end of the agent. */
void child_free(Child *child);

pid_t child_pid(const Child *child);
gboolean child_finished(const Child *child);
/* As waitpid(2) tells it, once it is finished. */
int child_status(const Child *child);
gboolean child_timed_out(const Child *child);

/* NULL where that stream is not captured, or was taken out. */
Capture *child_capture(const Child *child, ChildStream stream);
/* The capture is the caller's from now on. */
Capture *child_take_capture(Child *child, ChildStream stream);
/* NULL without an input, and when the child has ended. */
Feed *child_feed(const Child *child);

/*
 * Sends a signal, to its process group or to it alone. Returns FALSE with errno
 * set; ESRCH once it has ended, for then its number may be another's.
 */
gboolean child_kill(Child *child, int signum, gboolean group);
