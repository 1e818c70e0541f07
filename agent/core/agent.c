/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "agent/core/agent.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "agent/core/daemon.h"
#include "agent/core/dispatch.h"
#include "agent/core/policy.h"
#include "agent/core/state-file.h"
#include "channel/channel.h"
#include "channel/fd-source.h"
#include "lib/errors.h"

struct Agent {
    const Settings *settings;
    Log *log;
    Sysroot *sysroot;
    CommandSet *commands;
    Services services;
    StateFile *state;
    Dispatch *dispatch;
    ChannelConfig channel_config;
    ChannelEvents channel_events;
    Channel *channel;
    PidFile *pid_file;
    GMainLoop *loop;
    int signal_fd;
    FdSource *signal_source;
    gint64 started;
    gboolean was_open; /* the channel could be opened at least once */
    gboolean ready;    /* systemd got READY=1 */
    gint64 thaw_deadline_us; /* written by a worker, under lock */
    gboolean frozen;
    gboolean files_wait; /* they may be on a filesystem that is frozen: opened after the thaw */
    GMutex lock;
};

static gboolean get_command_state(gpointer data, gsize index, CommandState *state)
{
    Agent *agent = data;
    const CommandEntry *entry = command_set_at(agent->commands, index);

    if (!entry)
        return FALSE;
    state->command = entry->command;
    state->enabled = dispatch_allows(agent->dispatch, entry->command);
    return TRUE;
}

static const Event *get_event(gpointer data, gsize index)
{
    Agent *agent = data;
    const EventEntry *entry = command_set_event_at(agent->commands, index);

    return entry ? entry->event : NULL;
}

static void emit(gpointer data, const Event *event, const void *value)
{
    Agent *agent = data;

    events_emit(dispatch_get_events(agent->dispatch), event, value);
}

static void get_figures(gpointer data, AgentFigures *figures)
{
    Agent *agent = data;
    const Profile *profile = policy_profile(agent->settings);

    *figures = *dispatch_figures(agent->dispatch);
    figures->channel_method = agent->settings->method;
    figures->channel_path = agent->settings->path;
    figures->started = agent->started;
    figures->profile = profile->name;
    figures->classes = profile->classes;
    g_mutex_lock(&agent->lock);
    figures->frozen = agent->frozen;
    figures->thaw_deadline_us = agent->thaw_deadline_us;
    g_mutex_unlock(&agent->lock);
}

/* Log, state and pid file. */
static gboolean open_files(Agent *agent, GError **error)
{
    const Settings *settings = agent->settings;

    if (!log_open(agent->log, settings->logfile, settings->verbose, error))
        return FALSE;
    agent->state = state_file_open(settings->statedir, error);
    return agent->state != NULL;
}

static gboolean write_pid_file(Agent *agent, GError **error)
{
    if (agent->settings->daemonize)
        agent->pid_file = pid_file_create(agent->settings->pidfile, error);
    return agent->pid_file || !agent->settings->daemonize;
}

/*
 * Opens the files that had to wait for the thaw. A failure is logged: the agent is running already.
 */
static void open_waiting_files(Agent *agent)
{
    g_autoptr(GError) error = NULL;

    if (!agent->files_wait)
        return;
    agent->files_wait = FALSE;
    if (!open_files(agent, &error) || !write_pid_file(agent, &error))
        g_critical("%s", error->message);
}

static void set_frozen(gpointer data, gboolean frozen, gint64 deadline_us)
{
    Agent *agent = data;

    /* Before the dispatcher knows: guest-file-open needs the state file. */
    if (!frozen)
        open_waiting_files(agent);
    g_mutex_lock(&agent->lock);
    agent->frozen = frozen;
    agent->thaw_deadline_us = deadline_us;
    g_mutex_unlock(&agent->lock);
    dispatch_set_frozen(agent->dispatch, frozen);
    if (frozen)
        sd_notify(0, "STATUS=Filesystems are frozen");
    else
        sd_notify(0, "STATUS=Filesystems are thawed");
}

static gboolean next_handle(gpointer data, gint64 *handle, GError **error)
{
    Agent *agent = data;

    return agent->state ? state_file_next(agent->state, handle, error)
                        : set_error(error, "failed to commit persistent state to disk");
}

/* Reports to systemd; costs nothing where no service manager asked for it. */
static void notify_status(Agent *agent)
{
    guint64 hosts = dispatch_figures(agent->dispatch)->connections;

    if (!agent->was_open || !channel_is_open(agent->channel))
        sd_notifyf(0, "STATUS=Waiting for %s", agent->settings->path);
    else if (hosts == 0)
        sd_notify(0, "STATUS=No host connected");
    else
        sd_notifyf(0, "STATUS=Serving %" G_GUINT64_FORMAT " host connection%s", hosts,
                   hosts == 1 ? "" : "s");
}

static void on_host(const Conn *conn, gboolean connected, gpointer data)
{
    g_debug("host %s: %s", connected ? "connected" : "disconnected", conn_name(conn));
    notify_status(data);
}

static void on_channel_state(Channel *channel, ChannelState state, const GError *why, gpointer data)
{
    Agent *agent = data;

    agent->channel = channel;
    if (state == CHANNEL_OPEN) {
        g_info("channel open: %s", agent->settings->path ? agent->settings->path : "inherited");
        agent->was_open = TRUE;
    } else {
        g_info("waiting for channel path: %s", why ? why->message : agent->settings->path);
    }
    notify_status(agent);
    /* Last, so that systemd has the status when it gets this. */
    if (state == CHANNEL_OPEN && !agent->ready)
        sd_notify(0, "READY=1");
    agent->ready |= state == CHANNEL_OPEN;
}

static void on_signal(GIOCondition condition, gpointer data)
{
    Agent *agent = data;
    struct signalfd_siginfo info;

    (void)condition;
    if (read(agent->signal_fd, &info, sizeof info) != sizeof info)
        return;
    g_info("stopping on signal %u", info.ssi_signo);
    sd_notify(0, "STOPPING=1");
    g_main_loop_quit(agent->loop);
}

/* Signals arrive as input of the main loop; GLib's way would cost a thread. */
static gboolean watch_signals(Agent *agent, GError **error)
{
    sigset_t stop;

    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    sigprocmask(SIG_BLOCK, &stop, NULL);
    signal(SIGPIPE, SIG_IGN);
    agent->signal_fd = signalfd(-1, &stop, SFD_NONBLOCK | SFD_CLOEXEC);
    if (agent->signal_fd < 0)
        return set_errno_error(error, errno, "signalfd");
    agent->signal_source = fd_source_new(agent->signal_fd, G_IO_IN, on_signal, agent);
    return TRUE;
}

static gboolean open_channel(Agent *agent, GError **error)
{
    const Settings *settings = agent->settings;

    agent->channel_config = (ChannelConfig){
        .method = settings->method,
        .path = settings->path,
        .listen_fd = settings->listen_fd,
        .retry = settings->retry_path,
        .peers = settings->vsock_peers ? settings->vsock_peers : DEFAULT_VSOCK_PEERS,
    };
    agent->channel_events = (ChannelEvents){
        .conn = dispatch_events,
        .conn_data = agent->dispatch,
        .state = on_channel_state,
    };
    dispatch_watch_hosts(agent->dispatch, on_host, agent);
    agent->channel = channel_open(&agent->channel_config, &agent->channel_events, agent, error);
    return agent->channel != NULL;
}

/* After the channel is open, so that a failure to open it is visible to the caller. */
static gboolean go_to_background(Agent *agent, GError **error)
{
    if (!agent->settings->daemonize)
        return TRUE;
    if (!daemonize(error))
        return FALSE;
    /* It names the process that systemd started; sd_watchdog_enabled() compares it with the pid. */
    g_unsetenv("WATCHDOG_PID");
    return agent->files_wait || write_pid_file(agent, error);
}

/* Families first: one of them may take over a freeze, and then no file may be touched. */
static gboolean prepare(Agent *agent, GError **error)
{
    if (!command_set_init(agent->commands, &agent->services, error))
        return FALSE;
    agent->files_wait = agent->frozen;
    if (!agent->files_wait && !open_files(agent, error))
        return FALSE;
    if (!watch_signals(agent, error) || !open_channel(agent, error) ||
        !go_to_background(agent, error))
        return FALSE;
    log_run_in_background(agent->log); /* not before: its thread would not survive the fork */
    return TRUE;
}

Agent *agent_new(const Settings *settings, const Family *const *families, Log *log, GError **error)
{
    Agent *agent = g_new0(Agent, 1);

    agent->settings = settings;
    agent->log = log;
    g_mutex_init(&agent->lock);
    agent->started = g_get_real_time() / G_USEC_PER_SEC;
    agent->loop = g_main_loop_new(NULL, FALSE);
    agent->services = (Services){
        .complete = dispatch_complete,
        .sysops = &system_ops,
        .settings = settings,
        .agent = agent,
        .command_state = get_command_state,
        .figures = get_figures,
        .log = log,
        .set_frozen = set_frozen,
        .event_at = get_event,
        .subscribe = dispatch_subscribe,
        .emit = emit,
        .next_handle = next_handle,
    };
    agent->commands = command_set_new(families);
    agent->dispatch = dispatch_new(agent->commands, &agent->services);
    agent->signal_fd = -1;
    agent->sysroot = sysroot_new("/", error);
    agent->services.sysroot = agent->sysroot;
    if (agent->sysroot && prepare(agent, error))
        return agent;
    agent_free(agent);
    return NULL;
}

int agent_run(Agent *agent)
{
    guint watchdog = watchdog_start();

    g_main_loop_run(agent->loop);
    if (watchdog)
        g_source_remove(watchdog);
    command_set_stop(agent->commands);
    return agent->was_open ? EXIT_SUCCESS : EXIT_FAILURE;
}

gboolean agent_free(Agent *agent)
{
    channel_close(agent->channel);
    pid_file_free(agent->pid_file);
    /* After the channel is closed: that may still start commands of a host that disconnects. */
    if (dispatch_figures(agent->dispatch)->running > 0 || command_set_busy(agent->commands))
        return FALSE;
    dispatch_free(agent->dispatch);
    state_file_free(agent->state);
    command_set_free(agent->commands);
    sysroot_free(agent->sysroot);
    fd_source_free(agent->signal_source);
    if (agent->signal_fd >= 0)
        close(agent->signal_fd);
    g_main_loop_unref(agent->loop);
    g_mutex_clear(&agent->lock);
    g_free(agent);
    return TRUE;
}
