/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/shared/logins.h"

#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-login.h>

#define UTMP_PATH "/var/run/utmp"
#define LOGIND "org.freedesktop.login1"
#define LOGIND_SESSIONS "/org/freedesktop/login1/session"
/* logind responds from memory, so a longer wait would not help. */
#define LOGIND_TIMEOUT_US (2 * G_USEC_PER_SEC)

/*
 * Sessions of users, as opposed to greeters, managers and background jobs;
 * sd_session_get_class(3).
 */
static gboolean is_login(const char *id)
{
    char *class = NULL;
    gboolean is_user = sd_session_get_class(id, &class) >= 0 && g_str_equal(class, "user");

    free(class);
    return is_user;
}

/* Only logind has the user's name and the start of a session, in microseconds since the epoch. */
static gboolean ask_logind(sd_bus *bus, const char *id, char **user, guint64 *began)
{
    char *path = NULL;
    gboolean ok =
        sd_bus_path_encode(LOGIND_SESSIONS, id, &path) >= 0 &&
        sd_bus_get_property_trivial(bus, LOGIND, path, LOGIND ".Session", "Timestamp", NULL, 't',
                                    began) >= 0 &&
        sd_bus_get_property_string(bus, LOGIND, path, LOGIND ".Session", "Name", NULL, user) >= 0;

    free(path);
    return ok;
}

static void add_session(sd_bus *bus, const char *id, List *users, Arena *arena)
{
    char *user = NULL;
    guint64 began;

    if (is_login(id) && ask_logind(bus, id, &user, &began))
        add_login(users, user, strlen(user), (double)began / G_USEC_PER_SEC, arena);
    free(user);
}

static void collect_from_logind(List *users, Arena *arena)
{
    sd_bus *bus = NULL;
    char **sessions = NULL;

    if (sd_get_sessions(&sessions) > 0 && sd_bus_open_system(&bus) >= 0) {
        sd_bus_set_method_call_timeout(bus, LOGIND_TIMEOUT_US);
        for (char **id = sessions; *id; id++)
            add_session(bus, *id, users, arena);
    }
    for (char **id = sessions; id && *id; id++)
        free(*id);
    free(sessions);
    sd_bus_flush_close_unref(bus);
}

void collect_logins(const Sysroot *sysroot, List *users, Arena *arena)
{
    g_autofree char *records = NULL;
    gsize len;

    if (sysroot_read(sysroot, UTMP_PATH, &records, &len))
        utmp_parse(records, len, users, arena);
    else
        collect_from_logind(users, arena);
}
