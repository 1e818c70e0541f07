/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/exec/process.h"

#include <sys/wait.h>

#include "agent/base/main-thread.h"
#include "lib/errors.h"

const ExecLimits exec_limits = {
    .tracked = 128,
    .stream_bytes = 16 * 1024 * 1024, /* as in qemu-ga */
    .total_bytes = 256 * 1024 * 1024,
    .keep_s = 60 * 60,
    /*
     * A process and its pipes end together, unless it leaves a child with the pipes. The last
     * member of a pipeline needs this time for its last output; a daemon would keep the host
     * waiting without limit.
     */
    .grace_ms = 500,
};

static const Type exec_finished = {
    .kind = TYPE_OBJECT,
    .name = "GuestdExecFinished",
    .size = sizeof(ExecFinished),
    .fields = (const Field[]){
        REQUIRED(ExecFinished, pid, "pid", &type_int, .doc = "as returned by guest-exec"),
        OPTIONAL(ExecFinished, exitcode, "exitcode", &type_int, .doc = "its exit status"),
        OPTIONAL(ExecFinished, signal, "signal", &type_int, .doc = "the signal that killed it"),
        FIELDS_END,
    },
};

const Event event_exec_finished = {
    .name = "EXEC_FINISHED",
    .since = "guestd 0.1",
    .doc = "A program that guest-exec started has exited: guest-exec-status returns its results",
    .data = &exec_finished,
};

Exec *exec_new(const ExecLimits *limits, const Services *services)
{
    Exec *exec = g_new0(Exec, 1);

    exec->limits = limits;
    exec->services = services;
    exec->by_pid = g_hash_table_new(g_int64_hash, g_int64_equal);
    exec->budget.limit = limits->total_bytes;
    exec->dropped = g_new0(gint64, limits->tracked);
    return exec;
}

static void process_unref(Process *process)
{
    if (--process->refs)
        return;
    child_free(process->child);
    g_free(process->path);
    g_free(process);
}

/*
 * Pipes that other processes hold open are read until they are closed: without a reader, a write
 * would kill them.
 */
static void free_leftover(Capture *capture, gpointer data)
{
    Exec *exec = data;

    g_queue_remove(&exec->leftovers, capture);
    capture_free(capture);
}

static void drain_on(Exec *exec, Capture *capture)
{
    capture_drop(capture, free_leftover, exec);
    g_queue_push_tail(&exec->leftovers, capture);
    if (exec->leftovers.length > exec->limits->tracked)
        capture_free(g_queue_pop_head(&exec->leftovers));
}

static gboolean on_expiry(gpointer data);

/* One timer, for the oldest result, and none when no result waits. */
static void set_expiry(Exec *exec)
{
    const Process *oldest = g_queue_peek_head(&exec->results);
    gint64 age_s;

    if (oldest && exec->expiry)
        return;
    if (oldest) {
        age_s = (g_get_monotonic_time() - oldest->finished_us) / G_USEC_PER_SEC;
        exec->expiry = g_timeout_add_seconds(
            (guint)MAX((gint64)exec->limits->keep_s - age_s, 0), on_expiry, exec);
    } else if (exec->expiry) {
        g_source_remove(exec->expiry);
        exec->expiry = 0;
    }
}

void process_collect(Process *process)
{
    Exec *exec = process->exec;

    assert_main_thread();
    g_hash_table_remove(exec->by_pid, &process->pid);
    g_queue_remove(&exec->results, process);
    process->collected = TRUE;
    for (int i = 0; i < CHILD_STREAMS; i++) {
        Capture *capture = child_take_capture(process->child, i);

        if (capture && !capture_ended(capture))
            drain_on(exec, capture);
        else
            capture_free(capture);
    }
    set_expiry(exec);
    process_unref(process);
}

/* Drops a result that the host did not collect, but remembers its pid. */
static void drop_result(Process *process)
{
    Exec *exec = process->exec;

    exec->dropped[exec->next_dropped] = process->pid;
    exec->next_dropped = (exec->next_dropped + 1) % exec->limits->tracked;
    process_collect(process);
}

static gboolean is_expired(const Process *process)
{
    return g_get_monotonic_time() - process->finished_us >=
           (gint64)process->exec->limits->keep_s * G_USEC_PER_SEC;
}

static void drop_expired(Exec *exec)
{
    Process *oldest;

    while ((oldest = g_queue_peek_head(&exec->results)) && is_expired(oldest))
        drop_result(oldest);
}

static gboolean on_expiry(gpointer data)
{
    Exec *exec = data;

    exec->expiry = 0;
    drop_expired(exec);
    set_expiry(exec);
    return G_SOURCE_REMOVE;
}

/* The bytes of output, and of input that the process has not read. */
static gsize kept_bytes(const Process *process)
{
    const Feed *feed = child_feed(process->child);
    gsize total = feed ? feed_waiting(feed) : 0, len;

    for (int i = 0; i < CHILD_STREAMS; i++) {
        Capture *capture = child_capture(process->child, i);

        if (capture) {
            capture_data(capture, &len);
            total += len;
        }
    }
    return total;
}

/* A host that never collects results loses only the exit status of the oldest processes. */
static gboolean drop_oldest_silent(Exec *exec)
{
    for (GList *link = exec->results.head; link; link = link->next) {
        if (kept_bytes(link->data))
            continue;
        drop_result(link->data);
        return TRUE;
    }
    return FALSE;
}

static gsize kept_in_all(const Exec *exec)
{
    GHashTableIter iter;
    gpointer process;
    gsize total = 0;

    g_hash_table_iter_init(&iter, exec->by_pid);
    while (g_hash_table_iter_next(&iter, NULL, &process))
        total += kept_bytes(process);
    return total;
}

gboolean exec_make_room(Exec *exec, GError **error)
{
    assert_main_thread();
    drop_expired(exec);
    if (kept_in_all(exec) >= exec->limits->total_bytes)
        return set_error(error,
                         "%" G_GSIZE_FORMAT " MiB of input and output are kept for processes; "
                         "collect results with guest-exec-status first",
                         exec->limits->total_bytes / (1024 * 1024));
    if (g_hash_table_size(exec->by_pid) + exec->launching < exec->limits->tracked ||
        drop_oldest_silent(exec))
        return TRUE;
    return set_error(error,
                     "%u processes are running or wait for guest-exec-status; collect results with "
                     "it first",
                     exec->limits->tracked);
}

Process *exec_find(Exec *exec, gint64 pid, const char *unknown, GError **error)
{
    Process *process = g_hash_table_lookup(exec->by_pid, &pid);

    assert_main_thread();
    if (process)
        return process;
    for (guint i = 0; i < exec->limits->tracked; i++) {
        if (exec->dropped[i] == pid && pid) {
            set_error(error,
                      "the result of process %" G_GINT64_FORMAT
                      " was dropped: it was not collected in time",
                      pid);
            return NULL;
        }
    }
    set_error(error, "%s", unknown);
    return NULL;
}

/* ---- waiters */

static void waiter_free(Waiter *waiter)
{
    if (waiter->timer)
        g_source_remove(waiter->timer);
    waiter->call->waiting = NULL;
    waiter->call->abandon = NULL;
    process_unref(waiter->process);
    g_free(waiter);
}

static void give_answer(Waiter *waiter)
{
    Call *call = waiter->call;
    GError *error = NULL;

    waiter->answer(call, waiter->process, &error);
    waiter_free(waiter);
    call->services->complete(call, error);
}

/* Each reply may start the next request of its connection, so it is sent from a clean stack. */
static gboolean give_answers(gpointer data)
{
    Exec *exec = data;
    Waiter *waiter = g_queue_pop_head(&exec->answers);

    if (waiter)
        give_answer(waiter);
    if (exec->answers.length)
        return G_SOURCE_CONTINUE;
    exec->answering = 0;
    return G_SOURCE_REMOVE;
}

/* Called once only: the timeout may pass at the moment when the event happens. */
static void answer_soon(Waiter *waiter)
{
    Exec *exec = waiter->process->exec;

    if (waiter->timer)
        g_source_remove(waiter->timer);
    waiter->timer = 0;
    g_queue_remove(&waiter->process->waiters, waiter);
    g_queue_push_tail(&exec->answers, waiter);
    if (!exec->answering)
        exec->answering = g_idle_add_full(G_PRIORITY_DEFAULT, give_answers, exec, NULL);
}

static gboolean on_wait_over(gpointer data)
{
    Waiter *waiter = data;

    waiter->timer = 0;
    answer_soon(waiter);
    return G_SOURCE_REMOVE;
}

/* The client is gone: the result stays for the next request. */
static void abandon(Call *call)
{
    Waiter *waiter = call->waiting;

    g_queue_remove(&waiter->process->waiters, waiter);
    g_queue_remove(&waiter->process->exec->answers, waiter);
    waiter_free(waiter);
    call->services->complete(call, NULL);
}

void process_wait(Process *process, Call *call, gint64 wait_ms,
                  gboolean (*ready)(const Waiter *waiter),
                  gboolean (*answer)(Call *call, Process *process, GError **error))
{
    Waiter *waiter = g_new0(Waiter, 1);

    assert_main_thread();
    *waiter = (Waiter){ .process = process, .call = call, .ready = ready, .answer = answer };
    process->refs++;
    call->deferred = TRUE;
    call->abandon = abandon;
    call->waiting = waiter;
    g_queue_push_tail(&process->waiters, waiter);
    if (wait_ms)
        waiter->timer = g_timeout_add((guint)wait_ms, on_wait_over, waiter);
    if (ready(waiter))
        answer_soon(waiter);
}

static void on_changed(Child *child, gpointer data)
{
    Process *process = data;

    (void)child;
    for (GList *link = process->waiters.head, *next; link; link = next) {
        Waiter *waiter = link->data;

        next = link->next;
        if (waiter->ready(waiter))
            answer_soon(waiter);
    }
}

static void emit_finished(const Exec *exec, const Process *process)
{
    int status = child_status(process->child);
    ExecFinished data = {
        .pid = process->pid,
        .has_exitcode = WIFEXITED(status),
        .exitcode = WEXITSTATUS(status),
        .has_signal = WIFSIGNALED(status),
        .signal = WTERMSIG(status),
    };

    if (exec->services)
        exec->services->emit(exec->services->agent, &event_exec_finished, &data);
}

/* Called once for each process, when it has finished. */
static void on_finished(Child *child, gpointer data)
{
    Process *process = data;
    Exec *exec = process->exec;

    process->finished_us = g_get_monotonic_time();
    g_queue_push_tail(&exec->results, process);
    set_expiry(exec);
    emit_finished(exec, process);
    on_changed(child, process);
}

Process *process_new(Exec *exec, ChildPlan *plan, const char *path)
{
    static const ChildEvents events = { on_changed, on_finished };
    Process *process = g_new0(Process, 1);
    Process *older;

    assert_main_thread();
    plan->limit = exec->limits->stream_bytes;
    plan->grace_ms = exec->limits->grace_ms;
    process->exec = exec;
    process->refs = 1;
    process->pid = plan->pid;
    process->path = g_strdup(path);
    process->started_us = g_get_monotonic_time();
    g_queue_init(&process->waiters);
    /* The kernel reuses a pid after its process is reaped; the table keeps the running one. */
    older = g_hash_table_lookup(exec->by_pid, &process->pid);
    if (older)
        process_collect(older);
    g_hash_table_insert(exec->by_pid, &process->pid, process);
    process->child = child_new(plan, &exec->budget, &events, process);
    return process;
}

void exec_free(Exec *exec)
{
    GHashTableIter iter;
    gpointer process;

    workers_free(exec->launchers);
    if (exec->answering)
        g_source_remove(exec->answering);
    if (exec->expiry)
        g_source_remove(exec->expiry);
    g_hash_table_iter_init(&iter, exec->by_pid);
    while (g_hash_table_iter_next(&iter, NULL, &process))
        process_unref(process);
    g_hash_table_unref(exec->by_pid);
    g_queue_clear(&exec->results);
    g_queue_clear_full(&exec->leftovers, (GDestroyNotify)capture_free);
    g_free(exec->dropped);
    g_free(exec);
}
