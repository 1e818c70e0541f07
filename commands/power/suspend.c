/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/power/suspend.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "agent/base/logind.h"
#include "commands/shared/system-program.h"
#include "lib/errors.h"

/*
 * On CLOCK_MONOTONIC, which does not advance during the suspend. Writing memory to a disk takes
 * long.
 */
#define ASK_LIMIT_US (10 * G_USEC_PER_SEC)
#define SLEEP_LIMIT_US (10 * 60 * (gint64)G_USEC_PER_SEC)

#define STATE_FILE "/sys/power/state"

typedef struct {
    const char *can, *method, *service; /* of logind and systemd */
    const char *verb;                   /* of systemctl */
    const char *pm_flag, *pm_program;   /* of pm-utils */
    const char *word;                   /* of /sys/power/state; NULL: not this way */
} Mode;

static const Mode modes[] = {
    [SUSPEND_DISK] = { "CanHibernate", "Hibernate", "systemd-hibernate.service", "hibernate",
                       "--hibernate", "pm-hibernate", "disk" },
    [SUSPEND_RAM] = { "CanSuspend", "Suspend", "systemd-suspend.service", "suspend", "--suspend",
                      "pm-suspend", "mem" },
    [SUSPEND_HYBRID] = { "CanHybridSleep", "HybridSleep", "systemd-hybrid-sleep.service",
                         "hybrid-sleep", "--suspend-hybrid", "pm-suspend-hybrid", NULL },
};

typedef enum {
    WAY_DONE,
    WAY_FAILED,
    WAY_MISSING,
    WAY_FORBIDDEN, /* logind refuses */
    WAY_UNKNOWN,   /* started, with an unknown result */
} Outcome;

/* ---- what the kernel supports */

/* Whether the file has @word, also in brackets, which mark the current choice. */
static gboolean has_word(const Sysroot *root, const char *path, const char *word)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;

    if (!sysroot_read(root, path, &text, NULL))
        return FALSE;
    words = g_strsplit_set(text, " []\n", -1);
    return g_strv_contains((const char *const *)words, word);
}

static gboolean exists(const Sysroot *root, const char *path)
{
    int fd = sysroot_open(root, path, O_PATH);

    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

/* What is wrong with the swap for an image of the memory; NULL if nothing. */
static const char *bad_swap(const Sysroot *root)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    gboolean zram = FALSE;

    if (!sysroot_read(root, "/proc/swaps", &text, NULL))
        return "no swap to hibernate to";
    lines = g_strsplit(text, "\n", -1);
    for (char **line = lines[0] ? lines + 1 : lines; *line; line++) {
        char *name = *line;

        name[strcspn(name, " \t")] = '\0';
        if (g_str_has_prefix(name, "/dev/zram") || g_str_has_prefix(name, "/zram"))
            zram = TRUE;
        else if (*name)
            return NULL;
    }
    return zram ? "all swap is zram, which is in the memory itself"
                : "no swap to hibernate to";
}

/* Why the kernel cannot suspend in this mode; NULL if it can. */
static const char *kernel_refusal(const Sysroot *root, SuspendMode mode)
{
    if (mode == SUSPEND_RAM) {
        if (!has_word(root, STATE_FILE, "mem"))
            return "no 'mem' in /sys/power/state";
        /* In suspend-to-idle the host still sees a running guest, and cannot wake it up. */
        if (exists(root, "/sys/power/mem_sleep") && !has_word(root, "/sys/power/mem_sleep", "deep"))
            return "no 'deep' in /sys/power/mem_sleep";
        return NULL;
    }
    if (!has_word(root, STATE_FILE, "disk"))
        return "no 'disk' in /sys/power/state";
    if (has_word(root, "/sys/power/disk", "disabled"))
        return "/sys/power/disk is disabled";
    if (mode == SUSPEND_HYBRID && !has_word(root, "/sys/power/disk", "suspend"))
        return "no 'suspend' in /sys/power/disk";
    return bad_swap(root);
}

/* ---- the ways */

/* Runs a program whose only result is its exit status. */
static Outcome run(const Sysroot *root, const char *program, const char *argument, gint64 limit_us,
                   GError **error)
{
    g_autofree char *text = g_strjoin(argument ? " " : NULL, program, argument, NULL);
    SpawnResult result = { 0 };
    Outcome outcome = WAY_FAILED;

    if (!program_run(root, (const char *const[]){ program, argument, NULL }, limit_us, &result,
                     NULL)) {
        set_error(error, "the helper program '%s' was not found", text);
        return WAY_MISSING;
    }
    if (result.timed_out) {
        set_error(error, "the helper program '%s' did not exit in time", text);
        outcome = WAY_UNKNOWN;
    } else if (!WIFEXITED(result.status)) {
        set_error(error, "the helper program '%s' was killed by signal %d", text,
                  WTERMSIG(result.status));
    } else if (WEXITSTATUS(result.status) != 0) {
        set_error(error, "the helper program '%s' returned an unexpected exit status code (%d)",
                  text, WEXITSTATUS(result.status));
    } else {
        outcome = WAY_DONE;
    }
    spawn_result_clear(&result);
    return outcome;
}

static Outcome by_logind(const Sysroot *root, const Mode *mode, GError **error)
{
    gint64 now = g_get_monotonic_time(), until = now + SLEEP_LIMIT_US;
    g_autofree char *can = logind_can(root, mode->can, now + ASK_LIMIT_US, error);

    if (!can)
        return WAY_MISSING;
    if (!g_str_equal(can, "yes") && !g_str_equal(can, "challenge")) {
        set_error(error, "logind returned '%s' for %s", can, mode->can);
        return WAY_FORBIDDEN;
    }
    if (logind_sleep(root, mode->method, mode->service, until, error))
        return WAY_DONE;
    return g_get_monotonic_time() < until ? WAY_FAILED : WAY_UNKNOWN;
}

static Outcome by_systemd(const Sysroot *root, const Mode *mode, GError **error)
{
    Outcome outcome = exists(root, SYSTEM_BUS_SOCKET) ? by_logind(root, mode, error) : WAY_MISSING;

    if (outcome != WAY_MISSING || !exists(root, "/run/systemd/system"))
        return outcome;
    g_clear_error(error);
    return run(root, "systemctl", mode->verb, SLEEP_LIMIT_US, error);
}

static Outcome by_pm_utils(const Sysroot *root, const Mode *mode, GError **error)
{
    if (run(root, "pm-is-supported", mode->pm_flag, ASK_LIMIT_US, error) != WAY_DONE)
        return WAY_MISSING;
    return run(root, mode->pm_program, NULL, SLEEP_LIMIT_US, error);
}

/* Without a resume device the next boot would not find the image: a crash instead of a suspend. */
static gboolean would_be_lost(const Sysroot *root, const Mode *mode)
{
    g_autofree char *device = NULL;

    return g_str_equal(mode->word, "disk") &&
           sysroot_read(root, "/sys/power/resume", &device, NULL) &&
           g_str_equal(g_strstrip(device), "0:0");
}

static Outcome by_kernel(const Sysroot *root, const Mode *mode, GError **error)
{
    int fd, failed = 0;

    if (!mode->word)
        return WAY_MISSING;
    if (would_be_lost(root, mode)) {
        set_error(error, "suspend: the kernel has no device to resume from (/sys/power/resume)");
        return WAY_FAILED;
    }
    fd = sysroot_open(root, STATE_FILE, O_WRONLY);
    if (fd < 0 || write(fd, mode->word, strlen(mode->word)) < 0)
        failed = errno;
    if (fd >= 0)
        close(fd);
    if (!failed)
        return WAY_DONE;
    set_errno_error(error, failed, "suspend: cannot write to '" STATE_FILE "'");
    return WAY_FAILED;
}

gboolean suspend_system(const Sysroot *root, SuspendMode which, GError **error)
{
    static Outcome (*const ways[])(const Sysroot *, const Mode *, GError **) = {
        by_systemd, by_pm_utils, by_kernel,
    };
    const char *refusal = kernel_refusal(root, which);
    g_autoptr(GError) last = NULL;

    for (gsize i = 0; !refusal && i < G_N_ELEMENTS(ways); i++) {
        g_autoptr(GError) failure = NULL;
        Outcome outcome = ways[i](root, &modes[which], &failure);

        if (outcome == WAY_DONE)
            return TRUE;
        if (outcome == WAY_MISSING)
            continue;
        g_clear_error(&last);
        last = g_steal_pointer(&failure);
        g_warning("suspend: %s", last->message);
        /*
         * What systemd refuses is not forced, as the image might not be found again. A machine
         * that may have been suspended is not suspended a second time.
         */
        if (outcome == WAY_UNKNOWN || (outcome == WAY_FORBIDDEN && which != SUSPEND_RAM))
            break;
    }
    if (!last)
        return set_error(error, "the requested suspend mode is not supported by the guest%s%s",
                         refusal ? ": " : "", refusal ? refusal : "");
    g_propagate_error(error, g_steal_pointer(&last));
    return FALSE;
}
