/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "agent/schema/command.h"

/*
 * SHUTDOWN_BEGUN: logind announces it on the system bus, to which there is a connection while a
 * host wants to know; and wherever there is no logind, the agent's own end is the sign of it.
 */

#define LOGIND "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_MANAGER "org.freedesktop.login1.Manager"

typedef struct {
    const Services *services;
    sd_bus *bus;     /* NULL while nobody wants to know, or without a bus */
    sd_event *events;
    guint source;
    gboolean told;   /* logind's word; the agent's end is no news then */
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
                 .doc = "shutdown: the system goes down or reboots; stop: the agent was told to "
                        "end, by a shutdown or somebody else"),
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
    .doc = "The system is going down, or the agent is: no more requests will be answered soon",
    .data = &shutdown_begun,
    .needs = shutdown_needs,
};

static void tell(Shutdown *shutdown, const char *cause)
{
    ShutdownBegun data = { cause };

    shutdown->services->emit(shutdown->services->agent, &event_shutdown_begun, &data);
}

/* TRUE when it begins; FALSE when it was called off. */
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

/* The bus, by way of an event loop of its own, whose descriptor is one source of ours. */

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

/* Does what is due; what is not is armed when this returns. */
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
        g_debug("events of shutdown: the bus is gone");
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
