/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/power/shutdown.h"

#include "agent/base/logind.h"
#include "commands/shared/system-program.h"
#include "lib/errors.h"

/* After this time a way counts as failed. */
#define LOGIND_LIMIT_US (10 * G_USEC_PER_SEC)
#define PROGRAM_LIMIT_US (20 * G_USEC_PER_SEC)

typedef struct {
    const char *name;
    const char *method;  /* of logind */
    const char *program; /* of most init systems */
    const char *flag;    /* of shutdown(8) */
    const char *applet;  /* of busybox */
} Mode;

static const Mode modes[] = {
    { "powerdown", "PowerOff", "/sbin/poweroff", "-P", "poweroff" },
    { "halt", "Halt", "/sbin/halt", "-H", "halt" },
    { "reboot", "Reboot", "/sbin/reboot", "-r", "reboot" },
};

static const Mode *find_mode(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++)
        if (!name || g_str_equal(name, modes[i].name))
            return &modes[i];
    return NULL;
}

static void note_failure(GString *tried, const char *way, const char *why)
{
    g_string_append_printf(tried, "%s%s: %s", tried->len ? "; " : "", way, why);
}

static gboolean ask_logind(const Sysroot *root, const Mode *mode, GString *tried)
{
    g_autoptr(GError) failure = NULL;

    if (logind_shut_down(root, mode->method, g_get_monotonic_time() + LOGIND_LIMIT_US, &failure))
        return TRUE;
    note_failure(tried, "logind", failure->message);
    return FALSE;
}

static gboolean run(const Sysroot *root, const char *way, const char *const *argv, GString *tried)
{
    SpawnResult result = { 0 };
    g_autoptr(GError) failure = NULL;
    g_autofree char *complaint = NULL;

    if (program_run(root, argv, PROGRAM_LIMIT_US, &result, &failure))
        complaint = program_complaint(&result);
    else
        complaint = g_strdup(failure->message);
    spawn_result_clear(&result);
    if (!complaint)
        return TRUE;
    note_failure(tried, way, complaint);
    return FALSE;
}

gboolean shutdown_system(const Sysroot *root, const char *name, GError **error)
{
    const Mode *mode = find_mode(name);
    g_autoptr(GString) tried = g_string_new(NULL);

    if (!mode) /* qemu-ga's text lacks the closing parenthesis, too */
        return set_error(error, "mode is invalid (valid values are: halt|powerdown|reboot");
    if (ask_logind(root, mode, tried) ||
        run(root, mode->program, (const char *const[]){ mode->program, NULL }, tried) ||
        run(root, "/sbin/shutdown",
            (const char *const[]){ "/sbin/shutdown", "-h", mode->flag, "+0",
                                   "hypervisor initiated shutdown", NULL },
            tried) ||
        run(root, "busybox", (const char *const[]){ "busybox", mode->applet, NULL }, tried))
        return TRUE;
    return set_error(error, "child process has failed to shutdown: %s", tried->str);
}
