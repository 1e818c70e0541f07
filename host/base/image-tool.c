/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/image-tool.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib-unix.h>
#include <glib/gstdio.h>

#include "host/base/json-util.h"
#include "lib/errors.h"

/*
 * How long a program may take. What copies or reads a large image takes long, and the user can
 * interrupt it; a program that hangs ends.
 */
static const struct {
    const char *command; /* of qemu-img; NULL: any other */
    guint seconds;
} limits[] = {
    { "create", 60 },       /* writes a header and tables */
    { "measure", 10 * 60 }, /* reads tables */
    { "check", 3600 },      /* reads tables, of one file */
    { NULL, 24 * 3600 },
};

/* For a program that was killed; guestctl itself ends within 2 s of a signal. */
#define END_MS 1000

/* A program under way. */
typedef struct {
    GSubprocess *process;
    GBytes *output; /* standard output and error; NULL: not read to its end */
    GMainContext *context;
    guint limit_s;
    gboolean done, cancelled, timed_out;
} Tool;

static guint limit_of(const char *command)
{
    guint i = 0;

    while (limits[i].command && g_strcmp0(limits[i].command, command) != 0)
        i++;
    return limits[i].seconds;
}

/* The last line that a program wrote is usually the reason of its failure. */
static const char *last_line(char *text)
{
    char *newline;

    g_strchomp(text);
    newline = strrchr(text, '\n');
    return *text ? (newline ? newline + 1 : text) : "failed without output";
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

    g_subprocess_force_exit(tool->process);
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

static void attach(GSource *source, GSourceFunc func, Tool *tool, GMainContext *context)
{
    g_source_set_callback(source, func, tool, NULL);
    g_source_attach(source, context);
}

/* Waits for the exit of the program, which the user or the limit may bring about. */
static void follow(Tool *tool, int cancel_fd)
{
    g_autoptr(GMainContext) context = g_main_context_new();
    g_autoptr(GSource) limit = g_timeout_source_new_seconds(tool->limit_s);
    g_autoptr(GSource) cancel = cancel_fd >= 0 ? g_unix_fd_source_new(cancel_fd, G_IO_IN) : NULL;

    tool->context = context;
    g_main_context_push_thread_default(context);
    attach(limit, on_limit, tool, context);
    if (cancel)
        attach(cancel, G_SOURCE_FUNC(on_cancel), tool, context);
    g_subprocess_communicate_async(tool->process, NULL, NULL, on_output, tool);
    while (!tool->done)
        g_main_context_iteration(context, TRUE);
    g_source_destroy(limit);
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

gboolean tool_run(const char *const *argv, int cancel_fd, GString **output, GError **error)
{
    g_autoptr(GSubprocessLauncher) launcher = g_subprocess_launcher_new(
        G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDERR_MERGE);
    g_autoptr(GString) text = NULL;
    Tool tool = { .limit_s = limit_of(argv[1]) };
    gboolean ok;

    g_subprocess_launcher_set_child_setup(launcher, set_up_child, NULL, NULL);
    tool.process = g_subprocess_launcher_spawnv(launcher, argv, error);
    if (!tool.process) {
        g_prefix_error(error, "%s (package qemu-utils) is required: ", argv[0]);
        return FALSE;
    }
    follow(&tool, cancel_fd);
    text = take_output(&tool);
    ok = !tool.cancelled && !tool.timed_out && g_subprocess_get_successful(tool.process);
    if (tool.cancelled)
        g_set_error_literal(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED, "interrupted");
    else if (tool.timed_out)
        g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT, "%s %s: timed out after %u min",
                    argv[0], argv[1], tool.limit_s / 60);
    else if (!ok)
        set_error(error, "%s %s: %s", argv[0], argv[1], last_line(text->str));
    if (ok && output)
        *output = g_steal_pointer(&text);
    g_clear_pointer(&tool.output, g_bytes_unref);
    g_object_unref(tool.process);
    return ok;
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

gboolean tool_sync(const char *path, GError **error)
{
    int fd = g_open(path, O_RDONLY | O_CLOEXEC, 0);
    gboolean ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        set_errno_error(error, errno, "%s", path);
    if (fd >= 0)
        close(fd);
    return ok;
}
