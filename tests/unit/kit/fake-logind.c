/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/fake-logind.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#define MANAGER "org.freedesktop.login1.Manager"

struct FakeLogind {
    FakeScript script;
    int listener;
    GThread *thread;
    GString *calls; /* of the thread, until it has ended */
};

/* An agent that has heard enough may have left meanwhile. */
static void must(int result)
{
    if (result < 0 && result != -ECONNRESET && result != -EPIPE && result != -ENOTCONN)
        g_error("fake logind: %s", g_strerror(-result));
}

static void tell_sleep(sd_bus *bus, int begins)
{
    sd_bus_message *signal;

    must(sd_bus_message_new_signal(bus, &signal, "/org/freedesktop/login1", MANAGER,
                                   "PrepareForSleep"));
    must(sd_bus_message_set_sender(signal, ":1.2"));
    must(sd_bus_message_append(signal, "b", begins));
    must(sd_bus_send(bus, signal, NULL));
    sd_bus_message_unref(signal);
}

static void serve_manager(FakeLogind *fake, sd_bus_message *message, const char *member)
{
    int interactive = 1;

    g_string_append_printf(fake->calls, "%s ", member);
    if (g_str_has_prefix(member, "Can")) {
        if (fake->script.can)
            must(sd_bus_reply_method_return(message, "s", fake->script.can));
        else
            must(sd_bus_reply_method_errorf(message, SD_BUS_ERROR_SERVICE_UNKNOWN, "nobody here"));
        return;
    }
    must(sd_bus_message_read(message, "b", &interactive));
    g_assert_false(interactive);
    if (fake->script.refusal) {
        must(sd_bus_reply_method_errorf(message, SD_BUS_ERROR_FAILED, "%s", fake->script.refusal));
        return;
    }
    must(sd_bus_reply_method_return(message, ""));
    if (fake->script.sleepless || g_str_equal(member, "PowerOff") ||
        g_str_equal(member, "Halt") || g_str_equal(member, "Reboot"))
        return;
    tell_sleep(sd_bus_message_get_bus(message), 1);
    tell_sleep(sd_bus_message_get_bus(message), 0);
}

static int on_message(sd_bus_message *message, void *data, sd_bus_error *unused)
{
    FakeLogind *fake = data;
    const char *member = sd_bus_message_get_member(message);

    (void)unused;
    if (!sd_bus_message_is_method_call(message, NULL, NULL))
        return 0;
    if (g_str_equal(member, "Hello"))
        must(sd_bus_reply_method_return(message, "s", ":1.1"));
    else if (sd_bus_message_is_method_call(message, MANAGER, NULL))
        serve_manager(fake, message, member);
    else if (g_str_equal(member, "Get") && fake->script.result)
        must(sd_bus_reply_method_return(message, "v", "s", fake->script.result));
    else if (g_str_equal(member, "Get"))
        must(sd_bus_reply_method_errorf(message, SD_BUS_ERROR_SERVICE_UNKNOWN, "no systemd"));
    else
        must(sd_bus_reply_method_return(message, ""));
    return 1;
}

/* Until the other side has left. */
static void serve(FakeLogind *fake, int fd)
{
    sd_id128_t id;
    sd_bus *bus;

    must(sd_id128_randomize(&id));
    must(sd_bus_new(&bus));
    must(sd_bus_set_fd(bus, fd, fd));
    must(sd_bus_set_server(bus, 1, id));
    must(sd_bus_add_filter(bus, NULL, on_message, fake));
    must(sd_bus_start(bus));
    while (sd_bus_is_open(bus) > 0) {
        int result = sd_bus_process(bus, NULL);

        if (result < 0 || (result == 0 && sd_bus_wait(bus, G_MAXUINT64) < 0))
            break;
    }
    sd_bus_close(bus);
    sd_bus_unref(bus);
}

static gpointer run(gpointer data)
{
    FakeLogind *fake = data;
    char byte;
    int fd;

    while ((fd = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        if (!fake->script.deaf) {
            serve(fake, fd);
            continue;
        }
        while (read(fd, &byte, 1) > 0)
            ;
        close(fd);
    }
    return NULL;
}

FakeLogind *fake_logind_start(const char *directory, const FakeScript *script)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    g_autofree char *dir = g_build_filename(directory, "run/dbus", NULL);
    FakeLogind *fake = g_new0(FakeLogind, 1);

    g_assert_cmpint(g_mkdir_with_parents(dir, 0755), ==, 0);
    g_snprintf(address.sun_path, sizeof address.sun_path, "%s/system_bus_socket", dir);
    unlink(address.sun_path);
    fake->script = *script;
    fake->calls = g_string_new(NULL);
    fake->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint(bind(fake->listener, (struct sockaddr *)&address, sizeof address), ==, 0);
    g_assert_cmpint(listen(fake->listener, 4), ==, 0);
    fake->thread = g_thread_new("logind", run, fake);
    return fake;
}

char *fake_logind_stop(FakeLogind *fake)
{
    char *calls;

    shutdown(fake->listener, SHUT_RDWR);
    g_thread_join(fake->thread);
    close(fake->listener);
    calls = g_string_free(fake->calls, FALSE);
    g_free(fake);
    return calls;
}
