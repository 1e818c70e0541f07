/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <glib-unix.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "agent/schema/command.h"
#include "tests/unit/kit/kit.h"

/* SHUTDOWN_BEGUN: the test is the system bus, with logind on it. */

extern const Family family_event_shutdown;

typedef struct {
    char *directory;
    char *path;
    int listen_fd;
    sd_event *loop;
    sd_bus *bus;
    guint listen_source, loop_source;
    gboolean matched; /* the agent has subscribed to logind's signals */

    Services services;
    void *state;
    GString *told;
} Case;

static int on_message(sd_bus_message *message, void *data, sd_bus_error *error)
{
    Case *c = data;
    const char *rule;

    (void)error;
    if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus", "Hello"))
        return sd_bus_reply_method_return(message, "s", ":1.7");
    if (!sd_bus_message_is_method_call(message, "org.freedesktop.DBus", "AddMatch"))
        return 0;
    g_assert_cmpint(sd_bus_message_read(message, "s", &rule), >, 0);
    g_assert_nonnull(strstr(rule, "sender='org.freedesktop.login1'"));
    g_assert_nonnull(strstr(rule, "member='PrepareForShutdown'"));
    c->matched = TRUE;
    return sd_bus_reply_method_return(message, NULL);
}

static gboolean run_loop(int fd, GIOCondition condition, gpointer data)
{
    Case *c = data;

    (void)fd;
    (void)condition;
    while (sd_event_run(c->loop, 0) > 0)
        ;
    return G_SOURCE_CONTINUE;
}

static gboolean on_connect(int fd, GIOCondition condition, gpointer data)
{
    Case *c = data;
    int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    sd_id128_t id;

    (void)condition;
    g_assert_cmpint(peer, >=, 0);
    g_assert_null(c->bus);
    g_assert_cmpint(sd_id128_randomize(&id), >=, 0);
    g_assert_cmpint(sd_bus_new(&c->bus), >=, 0);
    g_assert_cmpint(sd_bus_set_fd(c->bus, peer, peer), >=, 0);
    g_assert_cmpint(sd_bus_set_server(c->bus, TRUE, id), >=, 0);
    g_assert_cmpint(sd_bus_start(c->bus), >=, 0);
    g_assert_cmpint(sd_bus_add_filter(c->bus, NULL, on_message, c), >=, 0);
    g_assert_cmpint(sd_bus_attach_event(c->bus, c->loop, SD_EVENT_PRIORITY_NORMAL), >=, 0);
    return run_loop(-1, 0, c);
}

static void emit(gpointer agent, const Event *event, const void *data)
{
    Case *c = agent;

    schema_dump(event->data, data, FALSE, c->told);
}

static void open_bus(Case *c)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *variable = g_strconcat("unix:path=", c->path, NULL);

    g_strlcpy(address.sun_path, c->path, sizeof address.sun_path);
    c->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    g_assert_cmpint(bind(c->listen_fd, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(c->listen_fd, 1), ==, 0);
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", variable, TRUE);
    c->listen_source = g_unix_fd_add(c->listen_fd, G_IO_IN, on_connect, c);
}

static void set_up(Case *c, gconstpointer data)
{
    (void)data;
    c->directory = kit_make_directory();
    c->path = g_build_filename(c->directory, "bus", NULL);
    g_assert_cmpint(sd_event_new(&c->loop), >=, 0);
    c->loop_source = g_unix_fd_add(sd_event_get_fd(c->loop), G_IO_IN, run_loop, c);
    open_bus(c);
    c->told = g_string_new(NULL);
    c->services = (Services){ .agent = c, .emit = emit };
    c->state = family_event_shutdown.init(&c->services, NULL);
}

static void close_bus(Case *c)
{
    if (c->bus)
        sd_bus_detach_event(c->bus);
    c->bus = sd_bus_close_unref(c->bus);
}

static void tear_down(Case *c, gconstpointer data)
{
    (void)data;
    family_event_shutdown.free(c->state);
    close_bus(c);
    g_source_remove(c->listen_source);
    g_source_remove(c->loop_source);
    sd_event_unref(c->loop);
    close(c->listen_fd);
    g_string_free(c->told, TRUE);
    g_free(c->path);
    kit_remove_tree(c->directory);
}

static void subscribe(Case *c, gboolean wanted)
{
    family_event_shutdown.listen(c->state, family_event_shutdown.events[0], wanted);
}

static void subscribe_and_wait(Case *c)
{
    subscribe(c, TRUE);
    WAIT_UNTIL(c->matched);
}

static void say(Case *c, const char *sender, gboolean begins)
{
    sd_bus_message *message = NULL;

    g_assert_cmpint(sd_bus_message_new_signal(c->bus, &message, "/org/freedesktop/login1",
                                              "org.freedesktop.login1.Manager",
                                              "PrepareForShutdown"), >=, 0);
    g_assert_cmpint(sd_bus_message_set_sender(message, sender), >=, 0);
    g_assert_cmpint(sd_bus_message_append(message, "b", begins), >=, 0);
    g_assert_cmpint(sd_bus_send(c->bus, message, NULL), >=, 0);
    sd_bus_message_unref(message);
    g_assert_cmpint(sd_bus_flush(c->bus), >=, 0);
}

static void expect(Case *c, const char *told)
{
    WAIT_UNTIL(c->told->len >= strlen(told));
    g_assert_cmpstr(c->told->str, ==, told);
    g_string_truncate(c->told, 0);
}

#define LOGIND "org.freedesktop.login1"

/* Once, however often it is announced, and although the agent stops as well. */
static void test_shutdown(Case *c, gconstpointer data)
{
    (void)data;
    subscribe_and_wait(c);
    say(c, LOGIND, TRUE);
    expect(c, "{\"cause\": \"shutdown\"}");
    family_event_shutdown.stop(c->state);
    expect(c, "");
}

/* It may be cancelled and start again. */
static void test_called_off(Case *c, gconstpointer data)
{
    (void)data;
    subscribe_and_wait(c);
    say(c, LOGIND, TRUE);
    say(c, LOGIND, FALSE);
    say(c, LOGIND, TRUE);
    expect(c, "{\"cause\": \"shutdown\"}{\"cause\": \"shutdown\"}");
    say(c, LOGIND, TRUE);
    say(c, LOGIND, FALSE);
    say(c, LOGIND, TRUE);
    expect(c, "{\"cause\": \"shutdown\"}");
    subscribe(c, FALSE);
}

static void test_stop(Case *c, gconstpointer data)
{
    (void)data;
    subscribe_and_wait(c);
    family_event_shutdown.stop(c->state);
    expect(c, "{\"cause\": \"stop\"}");
}

/* The bus is used only for a subscriber, and may disappear earlier. */
static void test_bus_goes(Case *c, gconstpointer data)
{
    (void)data;
    kit_run_ready();
    g_assert_null(c->bus);
    subscribe_and_wait(c);
    close_bus(c);
    /* The agent has no source left once it has noticed. */
    WAIT_UNTIL(!g_main_context_find_source_by_user_data(NULL, c->state));
    family_event_shutdown.stop(c->state);
    expect(c, "{\"cause\": \"stop\"}");
    c->matched = FALSE;
    subscribe(c, FALSE);
    subscribe_and_wait(c);
    say(c, LOGIND, TRUE);
    expect(c, "{\"cause\": \"shutdown\"}");
}

static void test_no_bus(Case *c, gconstpointer data)
{
    (void)data;
    g_setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
    subscribe(c, TRUE);
    g_assert_null(g_main_context_find_source_by_user_data(NULL, c->state));
    family_event_shutdown.stop(c->state);
    expect(c, "{\"cause\": \"stop\"}");
    subscribe(c, FALSE);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Case *c, gconstpointer data);
    } tests[] = {
        { "/event-shutdown/announced -> one event", test_shutdown },
        { "/event-shutdown/cancelled -> event for the next one", test_called_off },
        { "/event-shutdown/agent stops -> event", test_stop },
        { "/event-shutdown/bus lost -> agent runs on", test_bus_goes },
        { "/event-shutdown/no bus -> event at the stop", test_no_bus },
    };

    g_test_init(&argc, &argv, NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Case, NULL, set_up, tests[i].func, tear_down);
    return g_test_run();
}
