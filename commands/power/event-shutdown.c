/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "agent/base/main-thread.h"
#include "agent/schema/command.h"

/*
 * SHUTDOWN_BEGUN: logind announces it on the system bus, to which the agent is connected while a
 * host is subscribed. Without logind, the agent's own stop is the only sign of it.
 */

#define LOGIND "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"

typedef struct {
    const Services *services;
    sd_bus *bus;     /* NULL while no host is subscribed, or without a bus */
    sd_event *events;
    guint source;
    gboolean told;   /* logind has announced it, so the agent's stop is not reported */
} Shutdown;

typedef struct {
    const char *cause;
} ShutdownBegun;

static const Type shutdown_begun = {
    .kind = TYPE_OBJECT,
    .name = "GuestdShutdownBegun",
    .size = sizeof(ShutdownBegun),
    .fields = (const Field[]){
        REQUIRED(ShutdownBegun, cause, "cause", &type_string,
                 .doc = "shutdown: the system shuts down or reboots; stop: the agent was stopped, "
                        "by a shutdown or an administrator"),
        FIELDS_END,
    },
};

static const Need shutdown_needs[] = {
    { NEED_FILE, "/run/dbus/system_bus_socket", "logind's announcement" },
    NEEDS_END,
};

static const Event event_shutdown_begun = {
    .name = "SHUTDOWN_BEGUN",
    .since = "guestd 0.1",
    .doc = "The system shuts down, or the agent stops: further requests may stay unanswered",
    .data = &shutdown_begun,
    .needs = shutdown_needs,
};

static void tell(Shutdown *shutdown, const char *cause)
{
    ShutdownBegun data = { cause };

    shutdown->services->emit(shutdown->services->agent, &event_shutdown_begun, &data);
}

/* TRUE when a shutdown starts, FALSE when it is cancelled; org.freedesktop.login1(5). */
static int on_prepare(sd_bus_message *message, void *data, sd_bus_error *error)
{
    Shutdown *shutdown = data;
    int begins;

    (void)error;
    if (sd_bus_message_read(message, "b", &begins) < 0)
        return 0;
    if (begins && !shutdown->told)
        tell(shutdown, "shutdown");
    shutdown->told = begins;
    return 0;
}

/* The bus has an event loop of its own, whose descriptor is a source of the main loop. */

static void leave_bus(Shutdown *shutdown)
{
    if (shutdown->source)
        g_source_remove(shutdown->source);
    shutdown->source = 0;
    if (shutdown->bus)
        sd_bus_detach_event(shutdown->bus);
    g_clear_pointer(&shutdown->bus, sd_bus_close_unref);
    g_clear_pointer(&shutdown->events, sd_event_unref);
}

/* Handles pending events; on return, the descriptor waits for the next one. */
static gboolean serve_bus(int fd, GIOCondition condition, gpointer data)
{
    Shutdown *shutdown = data;
    int result;

    (void)fd;
    (void)condition;
    do
        result = sd_event_run(shutdown->events, 0);
    while (result > 0);
    if (result < 0 || sd_bus_is_open(shutdown->bus) <= 0) {
        g_debug("events of shutdown: lost the system bus");
        leave_bus(shutdown);
    }
    return G_SOURCE_CONTINUE;
}

static int join_bus(Shutdown *shutdown)
{
    int result = sd_event_new(&shutdown->events);

    if (result >= 0)
        result = sd_bus_open_system(&shutdown->bus);
    if (result >= 0)
        result = sd_bus_attach_event(shutdown->bus, shutdown->events, SD_EVENT_PRIORITY_NORMAL);
    if (result >= 0)
        result = sd_bus_match_signal_async(shutdown->bus, NULL, LOGIND, LOGIND_PATH,
                                           LOGIND_MANAGER, "PrepareForShutdown", on_prepare, NULL,
                                           shutdown);
    return result;
}

static void shutdown_listen(void *state, const Event *event, gboolean wanted)
{
    Shutdown *shutdown = state;
    int result;

    (void)event;
    assert_main_thread();
    leave_bus(shutdown);
    shutdown->told = FALSE;
    if (!wanted)
        return;
    result = join_bus(shutdown);
    if (result < 0) {
        g_debug("events of shutdown: no system bus: %s", g_strerror(-result));
        leave_bus(shutdown);
        return;
    }
    shutdown->source =
        g_unix_fd_add(sd_event_get_fd(shutdown->events), G_IO_IN, serve_bus, shutdown);
    serve_bus(-1, 0, shutdown);
}

static void *shutdown_init(const Services *services, GError **error)
{
    Shutdown *shutdown = g_new0(Shutdown, 1);

    (void)error;
    shutdown->services = services;
    return shutdown;
}

static void shutdown_stop(void *state)
{
    Shutdown *shutdown = state;

    if (!shutdown->told)
        tell(shutdown, "stop");
}

static void shutdown_free(void *state)
{
    leave_bus(state);
    g_free(state);
}

const Family family_event_shutdown = {
    .name = "event-shutdown",
    .commands = (const Command *const[]){ NULL },
    .events = (const Event *const[]){ &event_shutdown_begun, NULL },
    .init = shutdown_init,
    .stop = shutdown_stop,
    .free = shutdown_free,
    .listen = shutdown_listen,
};
