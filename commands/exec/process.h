/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/child.h"
#include "agent/base/workers.h"
#include "agent/schema/command.h"

/*
 * The processes that the host has started: the running ones, and the results that wait to be
 * collected. All functions are for the main thread.
 */
typedef struct Exec Exec;
typedef struct Process Process;

typedef struct {
    guint tracked;      /* processes, running or with a result that waits */
    gsize stream_bytes; /* kept of each stream */
    gsize total_bytes;  /* kept of all streams together */
    guint keep_s;       /* how long a result waits to be collected */
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

/* A process that guest-exec started has finished: guest-exec-status returns its results. */
extern const Event event_exec_finished;

struct Exec {
    const ExecLimits *limits;
    const Services *services; /* to emit EXEC_FINISHED; NULL: no event */
    GHashTable *by_pid; /* of Process */
    GQueue results;     /* of Process: finished, the oldest first */
    GQueue leftovers;   /* of Capture: pipes that outlived their result */
    GQueue answers;     /* of Waiter: to be sent from a clean stack */
    guint answering;
    guint expiry;       /* timer for the oldest result; 0 without one */
    guint launching;    /* launches that have not become processes yet */
    CaptureBudget budget;
    Workers *launchers;
    gint64 *dropped;    /* pids of dropped results, a ring of limits->tracked */
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

/* @limits and @services (which may be NULL) must outlive it. */
Exec *exec_new(const ExecLimits *limits, const Services *services);
void exec_free(Exec *exec);

/*
 * Makes room for one more process, if need be by dropping the oldest result without output.
 * Returns FALSE with @error set if there is none, or if too much output waits.
 */
gboolean exec_make_room(Exec *exec, GError **error);

/* Tracks the child of @plan, whose limits are set here. @path is copied. The table owns it. */
Process *process_new(Exec *exec, ChildPlan *plan, const char *path);

/*
 * Returns the process @pid, or NULL with @error set to @unknown, or to the reason why its result
 * is gone.
 */
Process *exec_find(Exec *exec, gint64 pid, const char *unknown, GError **error);

/* Removes @process from the table and drops a reference; later output of its pipes is dropped. */
void process_collect(Process *process);

/* A request that is answered after an event of a process. */
typedef struct Waiter Waiter;
struct Waiter {
    Process *process;
    Call *call;
    guint timer;
    /* Whether there is something to return. */
    gboolean (*ready)(const Waiter *waiter);
    /* Fills the result; FALSE with @error set for an error. */
    gboolean (*answer)(Call *call, Process *process, GError **error);
};

/*
 * Defers @call until @ready returns TRUE, @wait_ms milliseconds have passed (0: without a
 * limit), or its client is gone. Then @answer completes it.
 */
void process_wait(Process *process, Call *call, gint64 wait_ms,
                  gboolean (*ready)(const Waiter *waiter),
                  gboolean (*answer)(Call *call, Process *process, GError **error));
