/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "agent/schema/command.h"
#include "commands/clock/rtc.h"
#include "commands/shared/system-program.h"
#include "lib/errors.h"

#define NS_PER_US 1000
#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define HWCLOCK "/sbin/hwclock"
#define HWCLOCK_LIMIT_US (20 * G_USEC_PER_SEC)
/* For both directions, as in qemu-ga. */
#define HWCLOCK_ACTION "set hardware clock to system time"
/* The years that qemu-ga accepts for a real-time clock. */
#define FIRST_YEAR 1970
#define YEAR_LIMIT 2070

static gboolean get_time_run(Call *call, GError **error)
{
    (void)error;
    *(gint64 *)call->result = g_get_real_time() * NS_PER_US;
    return TRUE;
}

typedef struct {
    bool has_time;
    gint64 time;
} SetTimeArgs;

static const Type set_time_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(SetTimeArgs),
    .fields = (const Field[]){
        { .name = "time", .type = &type_int, .offset = offsetof(SetTimeArgs, time),
          .has_offset = offsetof(SetTimeArgs, has_time), .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "nanoseconds since the epoch", .fallback = "what the real-time clock shows" },
        FIELDS_END,
    },
};

/* Runs hwclock, for where the kernel does not permit direct access to the clock: @why. */
static gboolean run_hwclock(const Sysroot *root, const char *option, const GError *why,
                            GError **error)
{
    SpawnResult result = { 0 };
    gboolean ok;

    if (program_run(root, (const char *const[]){ HWCLOCK, option, NULL }, HWCLOCK_LIMIT_US,
                    &result, error)) {
        ok = spawn_check(&result, HWCLOCK_ACTION, error);
    } else {
        g_autofree char *text = g_strdup((*error)->message);

        g_clear_error(error);
        ok = set_error(error, "child process has failed to " HWCLOCK_ACTION ": %s; %s", text,
                       why->message);
    }
    spawn_result_clear(&result);
    return ok;
}

static gboolean set_clock(const SysOps *sysops, const struct timespec *now, GError **error)
{
    return sysops->set_clock(now) == 0 ||
           set_errno_error(error, errno, "Failed to set time to guest");
}

/* Splits @ns. Returns FALSE with @error set for a time that a clock cannot keep. */
static gboolean check_time(gint64 ns, struct timespec *time, GError **error)
{
    struct tm local;

    time->tv_sec = (time_t)(ns / NS_PER_S);
    time->tv_nsec = (long)(ns % NS_PER_S);
    if ((gint64)time->tv_sec != ns / NS_PER_S)
        return set_error(error, "Time %" G_GINT64_FORMAT " is too large", ns);
    if (ns < 0 || !localtime_r(&time->tv_sec, &local) || local.tm_year < FIRST_YEAR - 1900 ||
        local.tm_year >= YEAR_LIMIT - 1900)
        return set_error(error, "Invalid time");
    return TRUE;
}

static gboolean set_to(const Services *services, gint64 ns, GError **error)
{
    struct timespec time;
    g_autoptr(GError) why = NULL;

    if (!check_time(ns, &time, error) || !set_clock(services->sysops, &time, error))
        return FALSE;
    return rtc_store(services->sysroot, services->sysops, time.tv_sec, &why) ||
           run_hwclock(services->sysroot, "-w", why, error);
}

static gboolean set_from_rtc(const Services *services, GError **error)
{
    struct timespec time;
    g_autoptr(GError) why = NULL;

    if (!rtc_now(services->sysroot, services->sysops, &time, &why))
        return run_hwclock(services->sysroot, "-s", why, error);
    return set_clock(services->sysops, &time, error);
}

static gboolean set_time_run(Call *call, GError **error)
{
    const SetTimeArgs *args = call->args;

    tzset(); /* the time zone may have changed since the agent started */
    return args->has_time ? set_to(call->services, args->time, error)
                          : set_from_rtc(call->services, error);
}

static const Command guest_get_time = {
    .name = "guest-get-time",
    .rank = 4,
    .since = "1.5",
    .doc = "Return the guest's wall clock, in nanoseconds since the epoch",
    .flags = COMMAND_READS,
    .returns = &type_int,
    .run = get_time_run,
};

static const Need set_time_needs[] = {
    { NEED_ROOT, "setting the clock", NULL },
    NEEDS_END,
};

static const Command guest_set_time = {
    .name = "guest-set-time",
    .rank = 5,
    .since = "1.5",
    .doc = "Set the guest's wall clock and its real-time clock, or the first from the second",
    .flags = COMMAND_TIME | COMMAND_BLOCKING | COMMAND_MUTATING,
    .args = &set_time_args,
    .needs = set_time_needs,
    .run = set_time_run,
};

const Family family_time = {
    .name = "time",
    .commands = (const Command *const[]){ &guest_get_time, &guest_set_time, NULL },
};
