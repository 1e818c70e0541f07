/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/dispatch.h"

#include "agent/core/audit.h"
#include "agent/core/job.h"
#include "agent/core/policy.h"
#include "agent/core/trace.h"
#include "lib/errors.h"

/* Commands that may run on workers at once; each is a thread. */
#define MAX_WORKERS 64
/* Idle workers that stay for the next command; by default GLib's wake up to exit. */
#define IDLE_WORKERS 2
/* Requests of one connection that may wait for their turn. */
#define MAX_WAITING 1024
#define MAX_WAITING_BYTES (64u * 1024 * 1024)

struct Dispatch {
    const CommandSet *set;
    const Services *services;
    GThreadPool *workers; /* made when first needed */
    Events *events;
    gint frozen; /* set from workers, too */
    AgentFigures figures; /* the counters */
    HostFunc on_host; /* NULL: not watched */
    gpointer host_data;
};

/* One connection's dialogue. */
typedef struct {
    Dispatch *dispatch;
    Conn *conn;
    Lane *lane; /* that new requests join */
    guint waiting;
    gsize waiting_bytes;
    Subscriber *subscriber; /* NULL: never asked for events */
} Session;

/*
 * Requests of one connection between two barriers. A lane before a barrier, or of a host that
 * disconnected, has no session: its work continues without replies.
 */
struct Lane {
    Dispatch *dispatch;
    Session *session;
    GQueue waiting; /* of Job */
    Job *running;   /* on a worker */
};

Dispatch *dispatch_new(const CommandSet *set, const Services *services)
{
    Dispatch *dispatch = g_new0(Dispatch, 1);

    dispatch->set = set;
    dispatch->services = services;
    dispatch->events = events_new(set, services);
    return dispatch;
}

void dispatch_free(Dispatch *dispatch)
{
    if (!dispatch)
        return;
    if (dispatch->workers)
        g_thread_pool_free(dispatch->workers, TRUE, FALSE);
    events_free(dispatch->events);
    g_free(dispatch);
}

void dispatch_set_frozen(Dispatch *dispatch, gboolean frozen)
{
    g_atomic_int_set(&dispatch->frozen, frozen);
}

gboolean dispatch_allows(const Dispatch *dispatch, const Command *command)
{
    return policy_allows(dispatch->services->settings, command,
                         g_atomic_int_get(&dispatch->frozen));
}

const AgentFigures *dispatch_figures(Dispatch *dispatch)
{
    dispatch->figures.lost_events = events_lost(dispatch->events);
    return &dispatch->figures;
}

void dispatch_watch_hosts(Dispatch *dispatch, HostFunc func, gpointer data)
{
    dispatch->on_host = func;
    dispatch->host_data = data;
}

static void count_hosts(Dispatch *dispatch, const Conn *conn, gboolean connected)
{
    if (connected)
        dispatch->figures.connections++;
    else
        dispatch->figures.connections--;
    if (dispatch->on_host)
        dispatch->on_host(conn, connected, dispatch->host_data);
}

Events *dispatch_get_events(Dispatch *dispatch)
{
    return dispatch->events;
}

static Lane *lane_new(Session *session)
{
    Lane *lane = g_new0(Lane, 1);

    lane->dispatch = session->dispatch;
    lane->session = session;
    g_queue_init(&lane->waiting);
    return lane;
}

static gboolean lane_idle(const Lane *lane)
{
    return !lane->running && lane->waiting.length == 0;
}

/*
 * Stops reading from the host while too many of its requests wait, and reports whether work is
 * left.
 */
static void update_flow(Session *session)
{
    conn_hold(session->conn, session->waiting >= MAX_WAITING ||
                                 session->waiting_bytes >= MAX_WAITING_BYTES);
    conn_set_busy(session->conn, !lane_idle(session->lane));
}

static void run_lane(Lane *lane);

/* The lane's work continues, but its replies are dropped. */
static void detach_lane(Lane *lane)
{
    Session *session = lane->session;
    Call *call = lane->running ? &lane->running->call : NULL;

    session->dispatch->figures.voided += lane->waiting.length + (lane->running != NULL);
    session->waiting = 0;
    session->waiting_bytes = 0;
    lane->session = NULL;
    if (call && call->deferred && call->abandon)
        call->abandon(call); /* which may be the end of the lane */
    else
        run_lane(lane); /* requests that waited for the host to read can start */
}

static void send_reply(Lane *lane, Job *job)
{
    GString *text;

    if (job->error)
        lane->dispatch->figures.errors++;
    if (!lane->session)
        return;
    if (lane->dispatch->services->settings->trace_wire && job->entry)
        trace_reply(job->channel, job_command(job), job->call.result, job->error);
    text = job->reply ? g_steal_pointer(&job->reply) : job_reply(job);
    if (text)
        conn_send(lane->session->conn, text);
}

static void finish_job(Lane *lane, Job *job)
{
    const Command *command = job_command(job);

    if (command && ((command->flags & COMMAND_MUTATING) || job_forbidden(job)))
        audit(command, job->call.args, job->channel, job->error,
              g_get_monotonic_time() - job->began);
    send_reply(lane, job);
    job_free(job);
}

static void finish_running(Job *job)
{
    Lane *lane = job->lane;

    lane->running = NULL;
    finish_job(lane, job);
    run_lane(lane);
}

/* Back on the main thread. */
static gboolean worker_done(gpointer data)
{
    Job *job = data;

    job->lane->dispatch->figures.running--;
    finish_running(job);
    return G_SOURCE_REMOVE;
}

static Job *job_of(Call *call)
{
    return (Job *)((char *)call - offsetof(Job, call));
}

void dispatch_complete(Call *call, GError *error)
{
    Job *job = job_of(call);

    job->error = error;
    finish_running(job);
}

void dispatch_subscribe(Call *call, const Event *const *events, gsize n)
{
    Session *session = job_of(call)->lane->session;

    /* A host that has disconnected or sent a barrier since is not subscribed either. */
    if (!session)
        return;
    if (!session->subscriber)
        session->subscriber = subscriber_new(session->dispatch->events, session->conn);
    subscriber_choose(session->subscriber, events, n);
}

/* Not g_main_context_invoke(): once the loop has ended, that would call from this thread. */
static void work(gpointer data, gpointer context)
{
    GSource *done = g_idle_source_new();
    Job *job = data;

    job_run(job);
    job->reply = job_reply(job); /* a reply of megabytes would delay the main loop */
    g_source_set_priority(done, G_PRIORITY_DEFAULT);
    g_source_set_callback(done, worker_done, data, NULL);
    g_source_attach(done, context);
    g_source_unref(done);
}

/* Returns FALSE with the job's error set if no worker is free. */
static gboolean start_worker(Lane *lane, Job *job)
{
    Dispatch *dispatch = lane->dispatch;

    if (dispatch->figures.running >= MAX_WORKERS)
        return set_error(&job->error, "%s: %d commands are still running; try again later",
                         job_command(job)->name, MAX_WORKERS);
    if (!dispatch->workers) {
        g_thread_pool_set_max_unused_threads(IDLE_WORKERS);
        g_thread_pool_set_max_idle_time(0);
        dispatch->workers = g_thread_pool_new(work, g_main_context_default(), MAX_WORKERS, FALSE,
                                              NULL);
    }
    dispatch->figures.running++;
    lane->running = job;
    g_thread_pool_push(dispatch->workers, job, NULL);
    return TRUE;
}

static void trace_job(const Job *job)
{
    if (!job->request.execute)
        trace_fault(job->channel);
    else
        trace_request(job->channel, &job->request, job_command(job));
}

/* Runs @job, or hands it over to a worker. */
static void start_job(Lane *lane, Job *job)
{
    Dispatch *dispatch = lane->dispatch;

    job->lane = lane;
    job->began = g_get_monotonic_time();
    if (dispatch->services->settings->trace_wire)
        trace_job(job);
    if (job->state == JOB_RECEIVED)
        job_prepare(job, dispatch->services->settings, g_atomic_int_get(&dispatch->frozen));
    if (job->state == JOB_READY) {
        if ((job_command(job)->flags & COMMAND_BLOCKING) && start_worker(lane, job))
            return;
        if (!job->error)
            job_run(job);
    }
    if (job->call.deferred && !job->error)
        lane->running = job;
    else
        finish_job(lane, job);
}

static gboolean may_start(const Lane *lane)
{
    return !lane->running && lane->waiting.length > 0 &&
           (!lane->session || !conn_congested(lane->session->conn));
}

/* Starts the jobs that can start; frees a lane without a session and work. */
static void run_lane(Lane *lane)
{
    while (may_start(lane)) {
        Job *job = g_queue_pop_head(&lane->waiting);

        if (lane->session) {
            lane->session->waiting--;
            lane->session->waiting_bytes -= job->size;
        }
        start_job(lane, job);
    }
    if (lane->session)
        update_flow(lane->session);
    else if (lane_idle(lane))
        g_free(lane);
}

static void on_opened(Conn *conn, gpointer data)
{
    Dispatch *dispatch = data;
    Session *session = g_new0(Session, 1);

    session->dispatch = dispatch;
    session->conn = conn;
    session->lane = lane_new(session);
    conn_set_user(conn, session);
    count_hosts(dispatch, conn, TRUE);
}

static void on_closed(Conn *conn, gpointer data)
{
    Session *session = conn_user(conn);

    g_clear_pointer(&session->subscriber, subscriber_free);
    detach_lane(session->lane);
    g_free(session);
    count_hosts(data, conn, FALSE);
}

/*
 * Whether the barrier @command may come from another host than the requests before it: a serial
 * line does not report a change of hosts, and on a virtio port one host may disconnect and the next
 * connect within one event. guest-sync alone does not prove it there, because libvirt sends it
 * before each of its commands.
 */
static gboolean may_be_another_host(const Session *session, const Command *command)
{
    const char *method = session->dispatch->services->settings->method;

    return g_strcmp0(method, "isa-serial") == 0 ||
           (g_strcmp0(method, "virtio-serial") == 0 && (command->flags & COMMAND_DELIMITED));
}

/*
 * A guest-sync that will be answered voids the requests before it. Complete replies that only wait
 * for the port stay in front of it, as pipelining hosts expect.
 */
static void pass_barrier(Session *session, Job *job)
{
    const Command *command = job_command(job);

    if (!command || !(command->flags & COMMAND_BARRIER) ||
        !job_prepare(job, session->dispatch->services->settings,
                     g_atomic_int_get(&session->dispatch->frozen)))
        return;
    if (may_be_another_host(session, command))
        g_clear_pointer(&session->subscriber, subscriber_free);
    if (lane_idle(session->lane))
        return;
    detach_lane(session->lane);
    session->lane = lane_new(session);
}

static void on_frame(Conn *conn, Frame *frame, gpointer data)
{
    Dispatch *dispatch = data;
    Session *session = conn_user(conn);
    Job *job = job_new(frame, dispatch->set, dispatch->services);

    dispatch->figures.requests++;
    job->channel = g_strdup(conn_name(conn));
    pass_barrier(session, job);
    session->waiting++;
    session->waiting_bytes += job->size;
    g_queue_push_tail(&session->lane->waiting, job);
    run_lane(session->lane);
}

static void on_drained(Conn *conn, gpointer data)
{
    Session *session = conn_user(conn);

    (void)data;
    if (session)
        run_lane(session->lane);
}

const ConnEvents dispatch_events = { on_opened, on_frame, on_drained, on_closed };
