/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/child.h"
#include "agent/base/workers.h"
#include "agent/schema/command.h"

/*
 * The processes that the host has started: those that run, and the results that
 * wait to be asked for. Main thread only.
 */
typedef struct Exec Exec;
typedef struct Process Process;

typedef struct {
    guint tracked;      /* processes, running or waiting to be asked for */
    gsize stream_bytes; /* kept of each stream */
    gsize total_bytes;  /* kept of all */
    guint keep_s;       /* how long a result waits to be asked for */
    guint grace_ms;     /* for pipes that a process leaves to others */
} ExecLimits;

extern const ExecLimits exec_limits;

/* The data of EXEC_FINISHED. */
typedef struct {
    gint64 pid;
    bool has_exitcode;
    gint64 exitcode;
    bool has_signal;
    gint64 signal;
} ExecFinished;

/* A process that the host started has finished: guest-exec-status has its results. */
extern const Event event_exec_finished;

struct Exec {
    const ExecLimits *limits;
    const Services *services; /* to tell of a process that has ended; NULL: nobody is told */
    GHashTable *by_pid; /* of Process */
    GQueue results;     /* of Process: finished, the oldest first */
    GQueue leftovers;   /* of Capture: pipes that outlived their result */
    GQueue answers;     /* of Waiter: to be given from a clean stack */
    guint answering;
    guint expiry;       /* timer for the oldest result; none without one */
    guint launching;    /* on their way to become processes */
    CaptureBudget budget;
    Workers *launchers;
    gint64 *dropped;    /* pids of results that were dropped, a ring of limits->tracked */
    guint next_dropped;
};

struct Process {
    Exec *exec;
    guint refs;
    Child *child;
    gint64 pid;
    char *path;
    gint64 started_us;   /* monotonic */
    gint64 finished_us;
    gboolean collected;  /* no longer in the table */
    GQueue waiters;      /* of Waiter */
};

/* @limits and @services (or NULL) must outlive it. */
Exec *exec_new(const ExecLimits *limits, const Services *services);
void exec_free(Exec *exec);

/*
 * Makes room for one more process, which may cost an old result without output. Returns
 * FALSE with @error set if there is none, or too much output waits.
 */
gboolean exec_make_room(Exec *exec, GError **error);

/* Tracks the child of @plan, whose limits are filled in here. */
Process *process_new(Exec *exec, ChildPlan *plan, const char *path);

/* The process @pid, or NULL with @error set to @unknown, or to why its result is gone. */
Process *exec_find(Exec *exec, gint64 pid, const char *unknown, GError **error);

/* Takes it out of the table; what still comes out of its pipes is dropped. */
void process_collect(Process *process);

/* A request that is answered when something has happened to a process. */
typedef struct Waiter Waiter;
struct Waiter {
    Process *process;
    Call *call;
    guint timer;
    /* Whether there is something to answer. */
    gboolean (*ready)(const Waiter *waiter);
    /* Fills the result; FALSE with @error set for an error. */
    gboolean (*answer)(Call *call, Process *process, GError **error);
};

/*
 * Defers @call until @ready, until @wait_ms are over (0: for ever), or until nobody
 * listens any more.
 */
void process_wait(Process *process, Call *call, gint64 wait_ms,
                  gboolean (*ready)(const Waiter *waiter),
                  gboolean (*answer)(Call *call, Process *process, GError **error));
