/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/clock/rtc.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "lib/errors.h"

#define NS_PER_S G_GINT64_CONSTANT(1000000000)
#define KVM_CLOCK "KVM virtual PTP"
/* The real-time clock ticks in seconds, and reading both clocks takes time, too. */
#define SAME_TIME_S 2

static const char *const devices[] = { "/dev/rtc0", "/dev/rtc" };

/* The third line of /etc/adjtime says what the clock keeps, UTC without it; hwclock(8). */
static gboolean keeps_local_time(const Sysroot *root)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!sysroot_read(root, "/etc/adjtime", &text, NULL))
        return FALSE;
    lines = g_strsplit(text, "\n", 4);
    return g_strv_length(lines) > 2 && g_str_equal(g_strstrip(lines[2]), "LOCAL");
}

static gboolean read_clock(const Sysroot *root, const SysOps *sysops, struct rtc_time *fields,
                           int *ticked, GError **error)
{
    int failed = ENOENT;

    for (gsize i = 0; i < G_N_ELEMENTS(devices) && failed == ENOENT; i++) {
        g_autofree char *path = sysroot_path(root, devices[i]);

        *ticked = sysops->rtc_read(path, fields);
        if (*ticked >= 0)
            return TRUE;
        failed = errno;
    }
    return set_errno_error(error, failed, "/dev/rtc0");
}

static gboolean rtc_only(const Sysroot *root, const SysOps *sysops, struct timespec *now,
                         GError **error)
{
    struct rtc_time fields = { 0 };
    struct tm split = { 0 };
    int ticked;

    if (!read_clock(root, sysops, &fields, &ticked, error))
        return FALSE;
    split.tm_sec = fields.tm_sec;
    split.tm_min = fields.tm_min;
    split.tm_hour = fields.tm_hour;
    split.tm_mday = fields.tm_mday;
    split.tm_mon = fields.tm_mon;
    split.tm_year = fields.tm_year;
    split.tm_isdst = -1;
    now->tv_sec = keeps_local_time(root) ? mktime(&split) : timegm(&split);
    now->tv_nsec = ticked ? 0 : NS_PER_S / 2;
    return now->tv_sec >= 0 || set_error(error, "/dev/rtc0: invalid time");
}

/* The host's clock, if KVM offers it as a PTP device (drivers/ptp/ptp_kvm_common.c, Linux 4.11). */
static gboolean host_now(const Sysroot *root, const SysOps *sysops, struct timespec *now)
{
    g_auto(GStrv) names = sysroot_list_dir(root, "/sys/class/ptp", DT_UNKNOWN);

    for (char **name = names; name && *name; name++) {
        g_autofree char *file = g_build_filename("/sys/class/ptp", *name, "clock_name", NULL);
        g_autofree char *device = g_build_filename("/dev", *name, NULL);
        g_autofree char *path = sysroot_path(root, device);
        g_autofree char *clock = NULL;

        if (sysroot_read(root, file, &clock, NULL) && g_str_equal(g_strstrip(clock), KVM_CLOCK) &&
            sysops->ptp_read(path, now) == 0)
            return TRUE;
    }
    return FALSE;
}

gboolean rtc_now(const Sysroot *root, const SysOps *sysops, struct timespec *now, GError **error)
{
    g_autoptr(GError) failure = NULL;
    gboolean read = rtc_only(root, sysops, now, &failure);
    struct timespec host;

    /* A guest may be set to another time than its host on purpose. */
    if (host_now(root, sysops, &host) &&
        (!read || ABS((gint64)host.tv_sec - (gint64)now->tv_sec) <= SAME_TIME_S)) {
        *now = host;
        return TRUE;
    }
    if (!read)
        g_propagate_error(error, g_steal_pointer(&failure));
    return read;
}

gboolean rtc_store(const Sysroot *root, const SysOps *sysops, time_t seconds, GError **error)
{
    struct tm split;
    struct rtc_time fields;
    int failed = ENOENT;

    if (!(keeps_local_time(root) ? localtime_r(&seconds, &split) : gmtime_r(&seconds, &split)))
        return set_errno_error(error, EOVERFLOW, "/dev/rtc0");
    fields = (struct rtc_time){
        .tm_sec = split.tm_sec, .tm_min = split.tm_min, .tm_hour = split.tm_hour,
        .tm_mday = split.tm_mday, .tm_mon = split.tm_mon, .tm_year = split.tm_year,
        .tm_wday = split.tm_wday, .tm_yday = split.tm_yday,
    };
    for (gsize i = 0; i < G_N_ELEMENTS(devices) && failed == ENOENT; i++) {
        g_autofree char *path = sysroot_path(root, devices[i]);

        failed = sysops->rtc_set(path, &fields) < 0 ? errno : 0;
    }
    return !failed || set_errno_error(error, failed, "/dev/rtc0");
}
