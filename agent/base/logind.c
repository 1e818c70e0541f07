/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/logind.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "lib/errors.h"

#define LOGIND "org.freedesktop.login1"
#define LOGIND_PATH "/org/freedesktop/login1"
#define LOGIND_INTERFACE "org.freedesktop.login1.Manager"
#define SYSTEMD "org.freedesktop.systemd1"
#define SYSTEMD_UNITS "/org/freedesktop/systemd1/unit"

typedef struct {
    sd_bus *bus;
    gint64 until;
} Connection;

/* sd-bus knows no sysroot, so it gets a socket that is already connected. */
static int connect_socket(const Sysroot *root, GError **error)
{
    g_autofree char *path = sysroot_path(root, SYSTEM_BUS_SOCKET);
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    g_strlcpy(address.sun_path, path, sizeof address.sun_path);
    if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
        return fd;
    set_errno_error(error, errno, SYSTEM_BUS_SOCKET);
    if (fd >= 0)
        close(fd);
    return -1;
}

/* wait_for() does authentication and greeting, within the same deadline. */
static gboolean connect_bus(const Sysroot *root, Connection *connection, GError **error)
{
    int fd = connect_socket(root, error), result;

    if (fd < 0)
        return FALSE;
    result = sd_bus_new(&connection->bus);
    if (result < 0) {
        close(fd);
        return set_errno_error(error, -result, "sd-bus");
    }
    result = sd_bus_set_fd(connection->bus, fd, fd);
    if (result < 0)
        close(fd);
    if (result >= 0)
        result = sd_bus_set_bus_client(connection->bus, 1);
    if (result >= 0)
        result = sd_bus_start(connection->bus);
    return result >= 0 || set_errno_error(error, -result, "system bus");
}

/* Not flushed, because that may block; every message has been answered or given up. */
static void disconnect(Connection *connection)
{
    sd_bus_close(connection->bus);
    sd_bus_unref(connection->bus);
}

/* Processes messages of the bus until *@done. */
static gboolean wait_for(Connection *connection, const gboolean *done, const char *what,
                         GError **error)
{
    while (!*done) {
        int result = sd_bus_process(connection->bus, NULL);
        gint64 left = connection->until - g_get_monotonic_time();

        if (result == 0 && left <= 0)
            return set_error(error, "%s: no reply before the deadline", what);
        if (result == 0)
            result = sd_bus_wait(connection->bus, (guint64)left);
        if (result < 0 && result != -EINTR)
            return set_errno_error(error, -result, "%s: system bus", what);
    }
    return TRUE;
}

typedef struct {
    gboolean done;
    sd_bus_message *message;
} Awaited;

static int on_reply(sd_bus_message *message, void *data, sd_bus_error *unused)
{
    Awaited *awaited = data;

    (void)unused;
    awaited->message = sd_bus_message_ref(message);
    awaited->done = TRUE;
    return 1;
}

/* Sends @message, takes ownership of it, and returns the reply. */
static sd_bus_message *call(Connection *connection, sd_bus_message *message, GError **error)
{
    const char *what = sd_bus_message_get_member(message);
    Awaited awaited = { FALSE, NULL };
    sd_bus_slot *slot = NULL;
    int result = sd_bus_call_async(connection->bus, &slot, message, on_reply, &awaited, 0);
    const sd_bus_error *refusal;

    if (result < 0)
        set_errno_error(error, -result, "%s", what);
    else
        wait_for(connection, &awaited.done, what, error);
    sd_bus_slot_unref(slot);
    refusal = awaited.message ? sd_bus_message_get_error(awaited.message) : NULL;
    if (refusal) {
        set_error(error, "%s: %s", what, refusal->message ? refusal->message : refusal->name);
        awaited.message = sd_bus_message_unref(awaited.message);
    }
    sd_bus_message_unref(message);
    return awaited.message;
}

static sd_bus_message *ask_logind(Connection *connection, const char *method, gboolean with_flag,
                                  GError **error)
{
    sd_bus_message *message = NULL;
    int result = sd_bus_message_new_method_call(connection->bus, &message, LOGIND, LOGIND_PATH,
                                                LOGIND_INTERFACE, method);

    if (result >= 0 && with_flag)
        result = sd_bus_message_append(message, "b", 0); /* the bus has no such service */
    if (result >= 0)
        return call(connection, message, error);
    sd_bus_message_unref(message);
    set_errno_error(error, -result, "%s", method);
    return NULL;
}

gboolean logind_shut_down(const Sysroot *root, const char *method, gint64 until, GError **error)
{
    Connection connection = { NULL, until };
    sd_bus_message *reply = NULL;
    gboolean ok;

    if (connect_bus(root, &connection, error))
        reply = ask_logind(&connection, method, TRUE, error);
    ok = reply != NULL;
    sd_bus_message_unref(reply);
    disconnect(&connection);
    return ok;
}

char *logind_can(const Sysroot *root, const char *method, gint64 until, GError **error)
{
    Connection connection = { NULL, until };
    sd_bus_message *reply = NULL;
    const char *answer;
    char *copy = NULL;

    if (connect_bus(root, &connection, error))
        reply = ask_logind(&connection, method, FALSE, error);
    if (reply && sd_bus_message_read(reply, "s", &answer) > 0)
        copy = g_strdup(answer);
    else if (reply)
        set_error(error, "%s: invalid reply", method);
    sd_bus_message_unref(reply);
    disconnect(&connection);
    return copy;
}

/* logind sends TRUE before a sleep and FALSE after it, whether or not the sleep succeeded. */
static int on_sleep_signal(sd_bus_message *message, void *data, sd_bus_error *unused)
{
    gboolean *awake = data;
    int begins = 1;

    (void)unused;
    if (sd_bus_message_read(message, "b", &begins) > 0 && !begins)
        *awake = TRUE;
    return 0;
}

/* The result of the last run of @service. Fails where it cannot be read, as without systemd. */
static gboolean read_result(Connection *connection, const char *service, char **found)
{
    g_autofree char *path = NULL;
    g_autoptr(GError) error = NULL;
    sd_bus_message *message = NULL, *reply = NULL;
    const char *text;

    if (sd_bus_path_encode(SYSTEMD_UNITS, service, &path) >= 0 &&
        sd_bus_message_new_method_call(connection->bus, &message, SYSTEMD, path,
                                       "org.freedesktop.DBus.Properties", "Get") >= 0 &&
        sd_bus_message_append(message, "ss", SYSTEMD ".Service", "Result") >= 0)
        reply = call(connection, message, &error);
    else
        sd_bus_message_unref(message);
    if (reply && sd_bus_message_read(reply, "v", "s", &text) > 0)
        *found = g_strdup(text);
    sd_bus_message_unref(reply);
    return *found != NULL;
}

static gboolean sleep_on(Connection *connection, const char *method, const char *service,
                         GError **error)
{
    g_autofree char *result = NULL;
    gboolean awake = FALSE;
    sd_bus_slot *slot = NULL;
    sd_bus_message *reply = NULL;
    int added = sd_bus_match_signal_async(connection->bus, &slot, LOGIND, LOGIND_PATH,
                                          LOGIND_INTERFACE, "PrepareForSleep", on_sleep_signal,
                                          NULL, &awake);
    gboolean ok = added >= 0 || set_errno_error(error, -added, "%s", method);

    if (ok)
        reply = ask_logind(connection, method, TRUE, error);
    ok = reply && wait_for(connection, &awake, method, error);
    sd_bus_message_unref(reply);
    sd_bus_slot_unref(slot);
    if (!ok || !read_result(connection, service, &result) || g_str_equal(result, "success"))
        return ok;
    return set_error(error, "%s: %s failed: %s", method, service, result);
}

gboolean logind_sleep(const Sysroot *root, const char *method, const char *service, gint64 until,
                      GError **error)
{
    Connection connection = { NULL, until };
    gboolean ok = connect_bus(root, &connection, error) &&
                  sleep_on(&connection, method, service, error);

    disconnect(&connection);
    return ok;
}
