/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/base/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "lib/errors.h"

#define SHOWN_ALWAYS                                                                               \
    (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING | G_LOG_LEVEL_MESSAGE)
#define MAX_FIELDS 8
/* Lines kept while frozen; a freeze that goes well leaves two or three. */
#define MAX_HELD 1000

/* A line that waits, with what the journal wants to know. */
typedef struct {
    GLogLevelFlags level;
    gint64 time;
    GPtrArray *fields; /* name, value, name, value, … */
} HeldLine;

struct Log {
    GMutex lock; /* workers log as well */
    FILE *file;
    gboolean journal;
    gboolean verbose;
    gboolean holding;
    GQueue held; /* of HeldLine */
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

/* Control bytes in a name from the wire must not forge a line of the log. */
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

/* "<seconds>.<microseconds>: <level>: <message>", as qemu-ga writes it. */
static void write_line(FILE *file, GLogLevelFlags level, gint64 time, const char *message)
{
    g_autofree char *line = one_line(message);

    fprintf(file, "%" G_GINT64_FORMAT ".%06d: %s: %s\n", time / G_USEC_PER_SEC,
            (int)(time % G_USEC_PER_SEC), level_name(level), line);
    fflush(file);
}

/* Under the lock. */
static void write_out(Log *log, GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                      gint64 time)
{
    if (log->journal &&
        g_log_writer_journald(level, fields, n_fields, NULL) == G_LOG_WRITER_HANDLED)
        return;
    write_line(log->file, level, time, message_of(fields, n_fields));
}

static void held_free(gpointer data)
{
    HeldLine *line = data;

    g_ptr_array_unref(line->fields);
    g_free(line);
}

static void hold_line(Log *log, GLogLevelFlags level, const GLogField *fields, gsize n_fields)
{
    HeldLine *line = g_new0(HeldLine, 1);

    line->level = level;
    line->time = g_get_real_time();
    line->fields = g_ptr_array_new_with_free_func(g_free);
    for (gsize i = 0; i < n_fields; i++) {
        const char *value = fields[i].value;
        gssize len = fields[i].length;

        g_ptr_array_add(line->fields, g_strdup(fields[i].key));
        g_ptr_array_add(line->fields, len < 0 ? g_strdup(value) : g_strndup(value, (gsize)len));
    }
    g_queue_push_tail(&log->held, line);
    if (log->held.length > MAX_HELD) {
        held_free(g_queue_pop_head(&log->held));
        log->dropped++;
    }
}

static void write_held(Log *log, const HeldLine *line)
{
    g_autofree char *time = g_strdup_printf("%" G_GINT64_FORMAT, line->time);
    g_autoptr(GArray) fields = g_array_new(FALSE, FALSE, sizeof(GLogField));
    GLogField when = { "GUESTD_TIME_USEC", time, -1 };

    for (guint i = 0; i + 1 < line->fields->len; i += 2) {
        GLogField field = { line->fields->pdata[i], line->fields->pdata[i + 1], -1 };

        g_array_append_val(fields, field);
    }
    g_array_append_val(fields, when);
    write_out(log, line->level, (GLogField *)(void *)fields->data, fields->len, line->time);
}

static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                  gpointer data)
{
    Log *log = data;

    if (!log->verbose && !(level & SHOWN_ALWAYS))
        return G_LOG_WRITER_HANDLED;
    g_mutex_lock(&log->lock);
    if (log->holding)
        hold_line(log, level, fields, n_fields);
    else
        write_out(log, level, fields, n_fields, g_get_real_time());
    g_mutex_unlock(&log->lock);
    return G_LOG_WRITER_HANDLED;
}

Log *log_start(void)
{
    Log *log = g_new0(Log, 1);

    g_mutex_init(&log->lock);
    log->file = stderr;
    g_log_set_writer_func(write_log, log, NULL);
    return log;
}

gboolean log_open(Log *log, const char *path, gboolean verbose, GError **error)
{
    FILE *file = NULL;

    if (path && !(file = fopen(path, "ae")))
        return set_errno_error(error, errno, "failed to open log file %s", path);
    g_mutex_lock(&log->lock);
    if (file)
        log->file = file;
    log->journal = !file && g_log_writer_is_journald(STDERR_FILENO);
    log->verbose = verbose;
    g_mutex_unlock(&log->lock);
    return TRUE;
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

void log_hold(Log *log, gboolean hold)
{
    HeldLine *line;
    guint dropped;

    g_mutex_lock(&log->lock);
    log->holding = hold;
    while (!hold && (line = g_queue_pop_head(&log->held))) {
        write_held(log, line);
        held_free(line);
    }
    dropped = hold ? 0 : log->dropped;
    log->dropped -= dropped;
    g_mutex_unlock(&log->lock);
    if (dropped > 0)
        g_warning("%u log lines from the time of the freeze were dropped", dropped);
}

void log_stop(Log *log)
{
    g_mutex_lock(&log->lock);
    fflush(log->file);
    g_mutex_unlock(&log->lock);
}
