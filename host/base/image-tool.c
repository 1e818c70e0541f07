/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/image-tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>

#include "host/base/json-util.h"
#include "host/base/stall.h"
#include "lib/errors.h"

/* For a program that was killed; guestctl itself ends within 2 s of a signal. */
#define END_MS 1000
#define LOOK_MS 500

/* A program under way. */
typedef struct {
    GSubprocess *process;
    GPid pid;       /* of its session, too; 0: none */
    GBytes *output; /* standard output and error; NULL: not read to its end */
    GMainContext *context;
    const char *what; /* for people */
    Stall stall;
    gboolean done, cancelled, timed_out;
} Tool;

/* The last line that a program wrote is usually the reason of its failure. */
static const char *last_line(char *text)
{
    char *newline;

    g_strchomp(text);
    newline = strrchr(text, '\n');
    return *text ? (newline ? newline + 1 : text) : "failed without output";
}

/* qemu-img opens each file of a chain, and most users' limit is 1024 files until it is raised. */
static void allow_many_files(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/*
 * In the child: a session of its own, so Ctrl-C of the terminal reaches guestctl alone, the
 * signals that guestctl blocks, and files that only their owner can read.
 */
static void set_up_child(gpointer unused)
{
    sigset_t none;

    (void)unused;
    setsid();
    allow_many_files();
    umask(077); /* no other user may read the disks of a VM */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void on_output(GObject *process, GAsyncResult *result, gpointer data)
{
    Tool *tool = data;

    g_subprocess_communicate_finish(G_SUBPROCESS(process), result, &tool->output, NULL, NULL);
    tool->done = TRUE;
}

/* A program that waits for a device does not end when it is killed. */
static gboolean on_given_up(gpointer data)
{
    Tool *tool = data;

    tool->done = TRUE;
    return G_SOURCE_REMOVE;
}

static void end(Tool *tool)
{
    g_autoptr(GSource) patience = g_timeout_source_new(END_MS);

    if (tool->pid > 0)
        kill(-tool->pid, SIGKILL);
    g_source_set_callback(patience, on_given_up, tool, NULL);
    g_source_attach(patience, tool->context);
}

static gboolean on_cancel(int fd, GIOCondition condition, gpointer data)
{
    Tool *tool = data;

    (void)fd, (void)condition;
    tool->cancelled = TRUE;
    end(tool);
    return G_SOURCE_REMOVE;
}

static gboolean on_limit(gpointer data)
{
    Tool *tool = data;

    tool->timed_out = TRUE;
    end(tool);
    return G_SOURCE_REMOVE;
}

/* The sum of the numbers in /proc/PID/@name, which grow while the process works; 0: unknown. */
static guint64 sum_of(GPid pid, const char *name)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/%s", (int)pid, name);
    g_autofree char *text = NULL;
    g_auto(GStrv) words = NULL;
    guint64 sum = 0;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    words = g_strsplit_set(text, " \n", -1);
    for (char **word = words; *word; word++)
        sum += g_ascii_strtoull(*word, NULL, 10);
    return sum;
}

/* Bytes and calls of its input and output, and the time that it ran; proc(5). */
static gboolean on_look(gpointer data)
{
    Tool *tool = data;
    guint64 counter = sum_of(tool->pid, "io") + sum_of(tool->pid, "schedstat");

    if (stall_look(&tool->stall, counter, g_get_monotonic_time()))
        stall_warn(&tool->stall, tool->what);
    return G_SOURCE_CONTINUE;
}

static void attach(GSource *source, GSourceFunc func, Tool *tool)
{
    g_source_set_callback(source, func, tool, NULL);
    g_source_attach(source, tool->context);
}

/* Waits for the exit of the program, which the user or the deadline may bring about. */
static void follow(Tool *tool, const Deadline *deadline)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GSource) limit = g_timeout_source_new((guint)deadline_left_ms(deadline));
    g_autoptr(GSource) look = g_timeout_source_new(LOOK_MS);
    g_autoptr(GSource) cancel = deadline->cancel_fd >= 0
                                    ? g_unix_fd_source_new(deadline->cancel_fd, G_IO_IN)
                                    : NULL;

    tool->context = context;
    g_main_context_push_thread_default(context);
    attach(limit, on_limit, tool);
    attach(look, on_look, tool);
    if (cancel)
        attach(cancel, G_SOURCE_FUNC(on_cancel), tool);
    g_subprocess_communicate_async(tool->process, NULL, NULL, on_output, tool);
    while (!tool->done)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(limit);
    g_source_destroy(look);
    if (cancel)
        g_source_destroy(cancel);
    g_main_context_pop_thread_default(context);
}

/* Everything that the program wrote, as text. */
static GString *take_output(Tool *tool)
{
    gsize size = 0;
    const char *data = tool->output ? g_bytes_get_data(tool->output, &size) : NULL;

    return g_string_new_len(data ? data : "", (gssize)size);
}

/* The number is gone once GLib has collected the process. */
static GPid pid_of(GSubprocess *process)
{
    const char *identifier = g_subprocess_get_identifier(process);

    return identifier ? (GPid)g_ascii_strtoll(identifier, NULL, 10) : 0;
}

gboolean tool_run(const char *const *argv, const Deadline *deadline, GString **output,
                  GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_autofree char *what = g_strdup_printf("%s %s", argv[0], argv[1]);
    int limit_s = (deadline_left_ms(deadline) + 999) / 1000;
    g_autoptr(GString) text = NULL;
    Tool tool = { .what = what };
    gboolean ok;

    g_subprocess_launcher_set_child_setup(launcher, set_up_child, NULL, NULL);
    tool.process = g_subprocess_launcher_spawnv(launcher, argv, error);
    if (!tool.process) {
        g_prefix_error(error, "%s (package qemu-utils) is required: ", argv[0]);
        return FALSE;
    }
    tool.pid = pid_of(tool.process);
    follow(&tool, deadline);
    text = take_output(&tool);
    ok = !tool.cancelled && !tool.timed_out && g_subprocess_get_successful(tool.process);
    if (tool.cancelled)
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED, "interrupted");
    else if (tool.timed_out)
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT, "%s: timed out after %d s", what,
                    limit_s);
    else if (!ok)
        set_error(error, "%s: %s", what, last_line(text->str));
    if (ok && output)
        *output = g_steal_pointer(&text);
    g_clear_pointer(&tool.output, g_bytes_unref);
    g_object_unref(tool.process);
    return ok;
}

static void set_up_server(gpointer parent)
{
    set_up_child(NULL);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    /* It may have ended before that. */
    if (getppid() != GPOINTER_TO_INT(parent))
        raise(SIGTERM);
}

GSubprocess *tool_start(const char *const *argv, const int *fds, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_SILENCE | G_SUBPROCESS_FLAGS_STDERR_PIPE);
    GSubprocess *process;

    for (int target = STDERR_FILENO + 1; *fds >= 0; fds++, target++)
        g_subprocess_launcher_take_fd(launcher, *fds, target);
    g_subprocess_launcher_set_child_setup(launcher, set_up_server, GINT_TO_POINTER(getpid()), NULL);
    process = g_subprocess_launcher_spawnv(launcher, argv, error);
    if (!process)
        g_prefix_error(error, "%s is required: ", argv[0]);
    return process;
}

static void on_exit_of(GObject *process, GAsyncResult *result, gpointer done)
{
    g_subprocess_wait_finish(G_SUBPROCESS(process), result, NULL);
    *(gboolean *)done = TRUE;
}

static gboolean on_patience(gpointer over)
{
    *(gboolean *)over = TRUE;
    return G_SOURCE_REMOVE;
}

gboolean tool_await(GSubprocess *process, gint64 ms)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GSource) limit = g_timeout_source_new((guint)ms);
    g_autoptr(GCancellable) cancel = g_cancellable_new();
    gboolean done = FALSE, over = FALSE, exited;

    g_main_context_push_thread_default(context);
    g_source_set_callback(limit, on_patience, &over, NULL);
    g_source_attach(limit, context);
    g_subprocess_wait_async(process, cancel, on_exit_of, &done);
    while (!done && !over)
        g_main_context_iteration(context, TRUE);
    exited = done;
    g_cancellable_cancel(cancel);
    while (!done)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(limit);
    g_main_context_pop_thread_default(context);
    return exited;
}

char *tool_last_words(GSubprocess *process)
{
    GInputStream *stream = g_subprocess_get_stderr_pipe(process);
    char text[4096] = "";
    gsize n = 0;

    if (stream)
        g_input_stream_read_all(stream, text, sizeof text - 1, &n, NULL, NULL);
    text[n] = '\0';
    return g_strdup(last_line(text));
}

char *tool_image_alone(const char *path)
{
    g_autoptr(JsonObject) image = jsonu_with("driver", "qcow2");
    JsonObject *file = jsonu_with("driver", "file");
    g_autofree char *text = NULL;

    json_object_set_string_member(file, "filename", path);
    json_object_set_object_member(image, "file", file);
    json_object_set_null_member(image, "backing");
    text = jsonu_format(image, FALSE);
    return g_strconcat("json:", text, NULL);
}

gboolean tool_free_space(const char *path, gint64 *bytes, GError **error)
{
    g_autofree char *place = g_strdup(path);
    struct statvfs info;

    while (statvfs(place, &info) < 0) {
        int status = errno;
        char *parent = g_path_get_dirname(place);

        if (status != ENOENT || g_str_equal(parent, place)) {
            g_free(parent);
            return set_errno_error(error, status, "%s", path);
        }
        g_free(place);
        place = parent;
    }
    *bytes = (gint64)((guint64)info.f_bavail * info.f_frsize);
    return TRUE;
}

gboolean tool_reserve(const char *path, gint64 bytes, GError **error)
{
    int fd = g_open(path, O_RDWR | O_CLOEXEC, 0);
    gboolean ok;

    if (fd < 0)
        return set_errno_error(error, errno, "%s", path);
    ok = fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, bytes) == 0 || errno == EOPNOTSUPP ||
         errno == ENOSYS || set_errno_error(error, errno, "room for %s", path);
    close(fd);
    return ok;
}

void tool_unreserve(const char *path)
{
    GStatBuf info;

    if (g_stat(path, &info) == 0 && truncate(path, info.st_size) < 0)
        return; /* it is only room */
}

void tool_sync_begin(const char *path)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);

    if (fd < 0)
        return;
    sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* tool_sync() reports what goes wrong */
    close(fd);
}

static gboolean sync_file(gpointer data, GError **error)
{
    char *const *path = data;
    int fd = g_open(*path, O_RDONLY | O_CLOEXEC, 0);
    gboolean ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        set_errno_error(error, errno, "%s", *path);
    if (fd >= 0)
        close(fd);
    return ok;
}

static void sync_clear(gpointer data)
{
    g_free(*(char **)data);
}

gboolean tool_sync(const char *path, int cancel_fd, GError **error)
{
    g_autofree char *what = g_strconcat("writing ", path, " to the disk", NULL);
    char **data = g_atomic_rc_box_alloc(sizeof *data);
    gboolean ok;

    *data = g_strdup(path);
    ok = stall_call(sync_file, data, sync_clear, NULL, what, cancel_fd, error);
    g_atomic_rc_box_release_full(data, sync_clear);
    return ok;
}
