/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/errors.h"

/*
 * Until log_run_in_background(), a line is written by the thread that logs it. Afterwards every
 * line passes through one queue, to a thread that is started when a line is queued and exits when
 * the queue is empty. While filesystems are frozen the lines stay in that queue.
 *
 * The thread writes without the lock, so a sink that does not take a line delays only that thread.
 */

#define SHOWN_ALWAYS                                                                               \
    (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE)
#define MAX_FIELDS 8
/* Of the thread; a line to the journal takes the most, less than 8 KiB. */
#define STACK_BYTES (256 * 1024)
/* How long log_hold() waits for lines that go to a file. */
#define HOLD_LIMIT_US (2 * G_USEC_PER_SEC)

/* A line that waits, with all that the journal takes. */
typedef struct {
    GLogLevelFlags level;
    gint64 time;
    gsize size;
    GPtrArray *fields; /* name, value, name, value, … */
} Line;

struct Log {
    GMutex lock; /* for all below */
    GCond changed;
    int fd;
    gboolean journal;
    gboolean verbose;
    gboolean background;
    gboolean holding;
    gboolean writing; /* the thread exists */
    GQueue lines;     /* of Line */
    gsize bytes;
    guint dropped;
};

static const char *level_name(GLogLevelFlags level)
{
    switch (level & G_LOG_LEVEL_MASK) {
    case G_LOG_LEVEL_ERROR:
        return "error";
    case G_LOG_LEVEL_CRITICAL:
        return "critical";
    case G_LOG_LEVEL_WARNING:
        return "warning";
    case G_LOG_LEVEL_MESSAGE:
        return "message";
    case G_LOG_LEVEL_INFO:
        return "info";
    default:
        return "debug";
    }
}

static const char *message_of(const GLogField *fields, gsize n_fields)
{
    for (gsize i = 0; i < n_fields; i++)
        if (g_str_equal(fields[i].key, "MESSAGE"))
            return fields[i].value;
    return "";
}

/* Escapes control bytes: a name from the wire must not forge a line of the log. */
static char *one_line(const char *message)
{
    GString *line = g_string_new(NULL);

    for (const char *at = message; *at; at++) {
        if ((guchar)*at >= 0x20 && *at != 0x7F)
            g_string_append_c(line, *at);
        else
            g_string_append_printf(line, "\\x%02X", (guchar)*at);
    }
    return g_string_free(line, FALSE);
}

static void write_all(int fd, const char *text, gsize len)
{
    while (len > 0) {
        ssize_t n = write(fd, text, len);

        /* Standard error may be non-blocking because of another process that shares it. */
        if (n < 0 && errno == EAGAIN)
            poll(&(struct pollfd){ .fd = fd, .events = POLLOUT }, 1, -1);
        else if (n < 0 && errno != EINTR)
            return;
        text += MAX(n, 0);
        len -= (gsize)MAX(n, 0);
    }
}

/* "<seconds>.<microseconds>: <level>: <message>", as qemu-ga writes it. */
static void write_text(int fd, GLogLevelFlags level, gint64 time, const char *message)
{
    g_autofree char *line = one_line(message);
    g_autofree char *text =
        g_strdup_printf("%" G_GINT64_FORMAT ".%06d: %s: %s\n", time / G_USEC_PER_SEC,
                        (int)(time % G_USEC_PER_SEC), level_name(level), line);

    write_all(fd, text, strlen(text));
}

static void write_out(gboolean journal, int fd, GLogLevelFlags level, const GLogField *fields,
                      gsize n_fields, gint64 time)
{
    if (journal && g_log_writer_journald(level, fields, n_fields, NULL) == G_LOG_WRITER_HANDLED)
        return;
    write_text(fd, level, time, message_of(fields, n_fields));
}

static void line_free(gpointer data)
{
    Line *line = data;

    g_ptr_array_unref(line->fields);
    g_free(line);
}

static Line *line_new(GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
    Line *line = g_new0(Line, 1);

    line->level = level;
    line->time = g_get_real_time();
    line->fields = g_ptr_array_new_full((guint)n_fields * 2, g_free);
    for (gsize i = 0; i < n_fields; i++) {
        gsize len = fields[i].length < 0 ? strlen(fields[i].value) : (gsize)fields[i].length;

        g_ptr_array_add(line->fields, g_strdup(fields[i].key));
        g_ptr_array_add(line->fields, g_strndup(fields[i].value, len));
        line->size += len;
    }
    return line;
}

static void write_line(gboolean journal, int fd, const Line *line)
{
    g_autofree char *time = g_strdup_printf("%" G_GINT64_FORMAT, line->time);
    g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(GLogField));
    GLogField when = { "GUESTD_TIME_USEC", time, -1 };

    for (guint i = 0; i + 1 < line->fields->len; i += 2) {
        GLogField field = { line->fields->pdata[i], line->fields->pdata[i + 1], -1 };

        g_array_append_val(fields, field);
    }
    g_array_append_val(fields, when);
    write_out(journal, fd, line->level, (GLogField *)(void *)fields->data, fields->len,
              line->time);
}

/* Returns what to write next, or NULL: the count of dropped lines stands where they are missing. */
static Line *next_line_locked(Log *log)
{
    g_autofree char *text = NULL;
    Line *line;

    if (log->holding)
        return NULL;
    if (log->dropped > 0) {
        text = g_strdup_printf("%u log lines were dropped: the log could not be written in time",
                               log->dropped);
        log->dropped = 0;
        return line_new(G_LOG_LEVEL_WARNING,
                        (GLogField[]){ { "MESSAGE", text, -1 }, { "PRIORITY", "4", -1 } }, 2);
    }
    line = g_queue_pop_head(&log->lines);
    if (line)
        log->bytes -= line->size;
    return line;
}

static void *write_lines(void *data)
{
    Log *log = data;
    Line *line;

    g_mutex_lock(&log->lock);
    while ((line = next_line_locked(log))) {
        gboolean journal = log->journal;
        int fd = log->fd;

        g_mutex_unlock(&log->lock);
        write_line(journal, fd, line);
        line_free(line);
        g_mutex_lock(&log->lock);
    }
    log->writing = FALSE;
    g_cond_broadcast(&log->changed);
    g_mutex_unlock(&log->lock);
    return NULL;
}

/* Returns FALSE if the system grants no thread. Signals are for the main loop alone. */
static gboolean start_thread(Log *log)
{
    pthread_attr_t attributes;
    sigset_t all, before;
    pthread_t thread;
    int failed;

    sigfillset(&all);
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    failed = pthread_create(&thread, &attributes, write_lines, log);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    return !failed;
}

/* Without a thread the lines wait for the next one that is logged. */
static void write_lines_locked(Log *log)
{
    Line *line;

    if (log->background) {
        if (!log->writing && !log->holding && (log->lines.length > 0 || log->dropped > 0))
            log->writing = start_thread(log);
        return;
    }
    while ((line = next_line_locked(log))) {
        write_line(log->journal, log->fd, line);
        line_free(line);
    }
}

static void add_line_locked(Log *log, Line *line)
{
    g_queue_push_tail(&log->lines, line);
    log->bytes += line->size;
    while (log->lines.length > LOG_MAX_LINES ||
           (log->bytes > LOG_MAX_BYTES && log->lines.length > 1)) {
        Line *oldest = g_queue_pop_head(&log->lines);

        log->bytes -= oldest->size;
        line_free(oldest);
        log->dropped++;
    }
}

static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                  gpointer data)
{
    Log *log = data;

    if (!log->verbose && !(level & SHOWN_ALWAYS))
        return G_LOG_WRITER_HANDLED;
    g_mutex_lock(&log->lock);
    if (!log->background && !log->holding) {
        write_out(log->journal, log->fd, level, fields, n_fields, g_get_real_time());
    } else {
        add_line_locked(log, line_new(level, fields, n_fields));
        write_lines_locked(log);
    }
    g_mutex_unlock(&log->lock);
    /* GLib ends the process next. */
    if (level & (G_LOG_LEVEL_ERROR | G_LOG_FLAG_FATAL))
        log_stop(log);
    return G_LOG_WRITER_HANDLED;
}

Log *log_start(void)
{
    Log *log = g_new0(Log, 1);

    g_mutex_init(&log->lock);
    g_cond_init(&log->changed);
    g_queue_init(&log->lines);
    log->fd = STDERR_FILENO;
    g_log_set_writer_func(write_log, log, NULL);
    return log;
}

gboolean log_open(Log *log, const char *path, gboolean verbose, GError **error)
{
    int fd = STDERR_FILENO;

    if (path && (fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) < 0)
        return set_errno_error(error, errno, "failed to open log file %s", path);
    g_mutex_lock(&log->lock);
    /* A file that was open before may be in use by the thread; it stays open. */
    log->fd = fd;
    log->journal = !path && g_log_writer_is_journald(STDERR_FILENO);
    log->verbose = verbose;
    g_mutex_unlock(&log->lock);
    return TRUE;
}

void log_run_in_background(Log *log)
{
    g_mutex_lock(&log->lock);
    log->background = TRUE;
    g_mutex_unlock(&log->lock);
}

void log_fields(GLogLevelFlags level, const LogField *fields, gsize n_fields, const char *message)
{
    static const char *const priorities[] = { "3", "4", "4", "5", "6", "7" };
    GLogField all[MAX_FIELDS + 2];
    int rank = g_bit_nth_lsf(level & G_LOG_LEVEL_MASK, -1) - 2; /* G_LOG_LEVEL_ERROR is 1 << 2 */

    g_return_if_fail(n_fields <= MAX_FIELDS);
    all[0] = (GLogField){ "MESSAGE", message, -1 };
    all[1] = (GLogField){ "PRIORITY", priorities[CLAMP(rank, 0, 5)], -1 };
    for (gsize i = 0; i < n_fields; i++)
        all[i + 2] = (GLogField){ fields[i].name, fields[i].value, -1 };
    g_log_structured_array(level, all, n_fields + 2);
}

static gboolean writes_to_file(const Log *log)
{
    struct stat info;

    return !log->journal && fstat(log->fd, &info) == 0 && S_ISREG(info.st_mode);
}

void log_hold(Log *log, gboolean hold)
{
    gint64 until = g_get_monotonic_time() + HOLD_LIMIT_US;

    g_mutex_lock(&log->lock);
    /*
     * The kernel does not let a thread be killed that writes to a frozen filesystem, so the agent
     * could not be restarted before the thaw. Beyond the limit that filesystem hangs anyway.
     */
    while (hold && log->writing && writes_to_file(log) &&
           g_cond_wait_until(&log->changed, &log->lock, until))
        ;
    log->holding = hold;
    write_lines_locked(log);
    g_mutex_unlock(&log->lock);
}

gboolean log_flush(Log *log, gint64 until)
{
    gboolean written;

    g_mutex_lock(&log->lock);
    write_lines_locked(log);
    while (log->writing && g_cond_wait_until(&log->changed, &log->lock, until))
        ;
    written = !log->writing && (log->holding || log->lines.length == 0);
    g_mutex_unlock(&log->lock);
    return written;
}

void log_stop(Log *log)
{
    log_flush(log, g_get_monotonic_time() + LOG_STOP_LIMIT_US);
}
