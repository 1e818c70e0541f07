/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <limits.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "agent/schema/command.h"
#include "commands/parse/os-release.h"
#include "commands/shared/logins.h"
#include "lib/errors.h"

typedef struct {
    const char *kernel_release;
    const char *kernel_version;
    const char *machine;
    OsRelease release;
} OsInfo;

static const Type os_info = {
    .kind = TYPE_OBJECT,
    .name = "GuestOSInfo",
    .size = sizeof(OsInfo),
    .fields = (const Field[]){
        OPTIONAL_STRING(OsInfo, release.name, "name", .doc = "name of the operating system"),
        OPTIONAL_STRING(OsInfo, kernel_release, "kernel-release", .doc = "as uname -r"),
        OPTIONAL_STRING(OsInfo, release.version, "version", .doc = "version, with the name of the "
                                                                   "release"),
        OPTIONAL_STRING(OsInfo, release.variant, "variant", .doc = "variant of the operating "
                                                                   "system"),
        OPTIONAL_STRING(OsInfo, release.pretty_name, "pretty-name", .doc = "name and version, for "
                                                                           "display"),
        OPTIONAL_STRING(OsInfo, release.version_id, "version-id", .doc = "version, for programs"),
        OPTIONAL_STRING(OsInfo, release.variant_id, "variant-id", .doc = "variant, for programs"),
        OPTIONAL_STRING(OsInfo, kernel_version, "kernel-version", .doc = "as uname -v"),
        OPTIONAL_STRING(OsInfo, machine, "machine", .doc = "as uname -m"),
        OPTIONAL_STRING(OsInfo, release.id, "id", .doc = "operating system, for programs"),
        FIELDS_END,
    },
};

/* Reads the file of $QGA_OS_RELEASE if that is set, else the first of the standard ones. */
static gboolean read_os_release(const Sysroot *sysroot, char **text, gsize *len)
{
    const char *given = g_getenv("QGA_OS_RELEASE");

    if (given)
        return g_file_get_contents(given, text, len, NULL);
    return sysroot_read(sysroot, "/etc/os-release", text, len) ||
           sysroot_read(sysroot, "/usr/lib/os-release", text, len);
}

static gboolean get_osinfo_run(Call *call, GError **error)
{
    OsInfo *result = call->result;
    g_autofree char *text = NULL;
    struct utsname kernel;
    gsize len;

    (void)error;
    if (uname(&kernel) == 0) {
        result->kernel_release = arena_strdup(call->arena, kernel.release);
        result->kernel_version = arena_strdup(call->arena, kernel.version);
        result->machine = arena_strdup(call->arena, kernel.machine);
    }
    if (read_os_release(call->services->sysroot, &text, &len))
        os_release_parse(text, len, call->arena, &result->release);
    return TRUE;
}

static const Need os_release_need[] = {
    { NEED_FILE, "/etc/os-release", "all but the kernel's part" },
    NEEDS_END,
};

static const Command guest_get_osinfo = {
    .name = "guest-get-osinfo",
    .rank = 36,
    .since = "2.10",
    .doc = "Return the operating system and its kernel",
    .flags = COMMAND_READS | COMMAND_BLOCKING,
    .returns = &os_info,
    .needs = os_release_need,
    .run = get_osinfo_run,
};

typedef struct {
    const char *host_name;
} HostName;

static const Type host_name = {
    .kind = TYPE_OBJECT,
    .name = "GuestHostName",
    .size = sizeof(HostName),
    .fields = (const Field[]){
        REQUIRED(HostName, host_name, "host-name", &type_string, .doc = "as gethostname(2)"),
        FIELDS_END,
    },
};

static gboolean get_host_name_run(Call *call, GError **error)
{
    HostName *result = call->result;
    char name[HOST_NAME_MAX + 1] = "";

    if (gethostname(name, sizeof name) < 0)
        return set_errno_error(error, errno, "cannot get hostname");
    result->host_name = arena_strndup(call->arena, name, strnlen(name, sizeof name));
    return TRUE;
}

static const Command guest_get_host_name = {
    .name = "guest-get-host-name",
    .rank = 33,
    .since = "2.10",
    .doc = "Return the guest's host name",
    .flags = COMMAND_READS,
    .returns = &host_name,
    .run = get_host_name_run,
};

typedef struct {
    const char *zone;
    gint64 offset;
} Timezone;

static const Type timezone_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestTimezone",
    .size = sizeof(Timezone),
    .fields = (const Field[]){
        OPTIONAL_STRING(Timezone, zone, "zone", .doc = "abbreviation of the current time zone"),
        REQUIRED(Timezone, offset, "offset", &type_int, .doc = "seconds east of UTC"),
        FIELDS_END,
    },
};

static gboolean get_timezone_run(Call *call, GError **error)
{
    Timezone *result = call->result;
    g_autoptr(GTimeZone) zone = g_time_zone_new_local();
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    gint interval = g_time_zone_find_interval(zone, G_TIME_TYPE_UNIVERSAL, now);

    if (interval < 0)
        return set_error(error, "Couldn't retrieve local timezone");
    result->zone = arena_strdup(call->arena, g_time_zone_get_abbreviation(zone, interval));
    result->offset = g_time_zone_get_offset(zone, interval);
    return TRUE;
}

static const Command guest_get_timezone = {
    .name = "guest-get-timezone",
    .rank = 35,
    .since = "2.10",
    .doc = "Return the guest's current time zone",
    .flags = COMMAND_READS | COMMAND_BLOCKING,
    .returns = &timezone_type,
    .run = get_timezone_run,
};

static const Type logged_in = {
    .kind = TYPE_OBJECT,
    .name = "GuestUser",
    .size = sizeof(LoggedIn),
    .fields = (const Field[]){
        REQUIRED(LoggedIn, login_time, "login-time", &type_number,
                 .doc = "seconds since the epoch, of the earliest login"),
        REQUIRED(LoggedIn, user, "user", &type_string, .doc = "name of the user"),
        FIELDS_END,
    },
};

static gboolean get_users_run(Call *call, GError **error)
{
    (void)error;
    collect_logins(call->services->sysroot, call->result, call->arena);
    return TRUE;
}

static const Command guest_get_users = {
    .name = "guest-get-users",
    .rank = 34,
    .since = "2.10",
    .doc = "List the users who are logged in",
    .flags = COMMAND_READS | COMMAND_BLOCKING,
    .returns = &(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &logged_in },
    .run = get_users_run,
};

const Family family_identity = {
    .name = "identity",
    .commands = (const Command *const[]){ &guest_get_host_name, &guest_get_users,
                                          &guest_get_timezone, &guest_get_osinfo, NULL },
};
