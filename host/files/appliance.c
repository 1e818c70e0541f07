/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/files/appliance.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <gio/gio.h>
#include <gio/gunixinputstream.h>

#include "host/base/table.h"
#include "host/vm/backend.h"
#include "lib/errors.h"

/* The keeper has limits of its own, this one is for a keeper that hangs. */
#define START_MS (6 * 60 * 1000)
/* Another guestctl that copies large files out. */
#define USE_MS (3600 * 1000)
#define END_MS 10000
#define MOST_WORDS 4096

/* The keeper outlives this process, and its terminal. */
static void set_up_child(gpointer unused)
{
    sigset_t none;

    (void)unused;
    setsid();
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static GSubprocess *start_keeper(const ApplianceSpec *spec, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    g_autoptr(GPtrArray) argv = g_ptr_array_new();

    for (const char *const *word = (const char *const[]){ "/proc/self/exe", "files", "--from",
                                                          spec->chain->dir, "--at",
                                                          spec->point->id, NULL };
         *word; word++)
        g_ptr_array_add(argv, (gpointer)*word);
    if (spec->disk) {
        g_ptr_array_add(argv, (gpointer) "--disk");
        g_ptr_array_add(argv, (gpointer)spec->disk);
    }
    if (spec->kernel) {
        g_ptr_array_add(argv, (gpointer) "--kernel");
        g_ptr_array_add(argv, (gpointer)spec->kernel);
    }
    g_ptr_array_add(argv, (gpointer) "keep");
    g_ptr_array_add(argv, NULL);
    g_subprocess_launcher_set_child_setup(launcher, set_up_child, NULL, NULL);
    return g_subprocess_launcher_spawnv(launcher, (const char *const *)argv->pdata, error);
}

/* What the process prints on @stream until its end or the first newline. */
static gboolean read_line(GInputStream *stream, GString *line, const Deadline *deadline,
                          GError **error)
{
    int fd = g_unix_input_stream_get_fd(G_UNIX_INPUT_STREAM(stream));
    char byte;

    while (line->len < MOST_WORDS && !strchr(line->str, '\n')) {
        if (!deadline_poll(deadline, fd, POLLIN, error))
            return FALSE;
        if (read(fd, &byte, 1) <= 0)
            return TRUE;
        g_string_append_c(line, byte);
    }
    return TRUE;
}

/* The reason that a keeper gave; it is guestctl, and says so at the start of each line. */
static gboolean tell_failure(GSubprocess *keeper, const Deadline *deadline, GError **error)
{
    g_autoptr(GString) line = g_string_new(NULL);
    g_autofree char *text = NULL;
    const char *reason;

    if (!read_line(g_subprocess_get_stderr_pipe(keeper), line, deadline, error))
        return FALSE;
    text = harmless_text(g_strchomp(line->str));
    reason = g_str_has_prefix(text, "guestctl: ") ? text + strlen("guestctl: ") : text;
    return set_error(error, "%s", *reason ? reason : "the appliance did not start");
}

static gboolean start(const ApplianceSpec *spec, const Context *context, GError **error)
{
    Deadline deadline = deadline_in(START_MS, context->cancel_fd);
    g_autoptr(GSubprocess) keeper = start_keeper(spec, error);
    g_autoptr(GString) line = g_string_new(NULL);
    gboolean ok;

    if (!keeper)
        return FALSE;
    ok = read_line(g_subprocess_get_stdout_pipe(keeper), line, &deadline, error);
    if (ok && g_str_equal(line->str, KEEPER_READY))
        return TRUE;
    if (ok)
        return tell_failure(keeper, &deadline, error);
    /* It ends QEMU, too. */
    g_subprocess_send_signal(keeper, SIGTERM);
    return FALSE;
}

/* Whether the appliance answers; FALSE without @error: it does not run. */
static gboolean answers(Appliance *appliance, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(GError) problem = NULL;

    if (vm_ask_plain(appliance->vm, "guest-ping", arena, &problem))
        return TRUE;
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE) ||
        g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_FAILED))
        return FALSE;
    g_propagate_prefixed_error(error, g_steal_pointer(&problem),
                               "the appliance; \"files … end\" ends it: ");
    return FALSE;
}

gboolean appliance_open(Appliance *appliance, const ApplianceSpec *spec, const Context *context,
                        GError **error)
{
    g_autofree char *key = appliance_key(spec);
    g_autoptr(GError) problem = NULL;
    gboolean ok;

    *appliance = (Appliance){ .vm = NULL };
    ok = place_init(&appliance->place, key, error) &&
         place_take(&appliance->place, USE_MS, context->cancel_fd, error);
    appliance->reach = appliance_reach(context, &appliance->place);
    if (ok)
        appliance->vm = backends_open(&appliance->reach, NULL, NULL, error);
    ok = appliance->vm != NULL;
    if (ok && !answers(appliance, &problem)) {
        if (problem)
            g_propagate_error(error, g_steal_pointer(&problem));
        else
            ok = start(spec, context, error) && answers(appliance, error);
        if (error && *error)
            ok = FALSE;
    }
    if (!ok)
        appliance_close(appliance);
    return ok;
}

void appliance_close(Appliance *appliance)
{
    g_clear_pointer(&appliance->vm, vm_free);
    place_clear(&appliance->place);
    appliance->place = (Place){ .use_fd = -1 };
}

/* Whether the place is of an appliance that the caller means. */
static gboolean is_meant(const Place *place, const ApplianceSpec *spec)
{
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;

    if (!g_file_get_contents(place->keeper, &text, NULL, NULL))
        return FALSE;
    lines = g_strsplit(text, "\n", -1);
    return g_strv_length(lines) >= 3 && g_str_equal(lines[0], spec->chain->dir) &&
           (!spec->point || g_str_equal(lines[1], spec->point->id)) &&
           (!spec->disk || g_str_equal(lines[2], spec->disk));
}

static gboolean end_one(Place *place, const Context *context, guint *ended, GError **error)
{
    Deadline deadline = deadline_in(END_MS, context->cancel_fd);
    int pid = place_keeper(place);
    int fd = pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    gboolean ok = TRUE;

    /* The number cannot be another process' once the descriptor is there and the lock still held. */
    if (fd >= 0 && place_keeper(place) == pid) {
        ok = syscall(SYS_pidfd_send_signal, fd, SIGTERM, NULL, 0) == 0
                 ? deadline_poll(&deadline, fd, POLLIN, error)
                 : set_errno_error(error, errno, "ending process %d", pid);
        *ended += ok;
    }
    if (fd >= 0)
        close(fd);
    if (ok && place_keeper(place) == 0 && place_take(place, 0, -1, NULL))
        place_remove(place);
    return ok;
}

gboolean appliance_end(const ApplianceSpec *spec, const Context *context, guint *ended,
                       GError **error)
{
    g_autoptr(GPtrArray) keys = place_keys();
    gboolean ok = TRUE;

    *ended = 0;
    for (guint i = 0; ok && i < keys->len; i++) {
        Place place;

        if (place_init(&place, keys->pdata[i], NULL) && is_meant(&place, spec))
            ok = end_one(&place, context, ended, error);
        place_clear(&place);
    }
    return ok;
}
