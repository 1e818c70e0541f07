/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/log.h"
#include "tests/unit/kit/kit.h"

/*
 * Lines that wait while filesystems are frozen, first with a log that writes them itself, then
 * with one that runs in the background. GLib has one log writer for all tests.
 */

static Log *the_log;
static char *dir;

static char *start_file(void)
{
    g_autoptr(GError) error = NULL;
    char *path = kit_write_file(dir, "log", "");

    log_open(the_log, path, TRUE, &error);
    g_assert_no_error(error);
    return path;
}

/* The lines of the file, without the last empty one. */
static char **lines_of(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;

    g_assert_true(log_flush(the_log, g_get_monotonic_time() + KIT_DEADLINE_S * G_USEC_PER_SEC));
    g_file_get_contents(path, &text, NULL, &error);
    g_assert_no_error(error);
    return g_strsplit(g_strchomp(text), "\n", -1);
}

static void expect_empty(const char *path)
{
    g_auto(GStrv) lines = lines_of(path);

    g_assert_null(lines[0]);
}

/* The time and the text of "<seconds>.<microseconds>: <level>: <message>". */
static gint64 time_of(const char *line)
{
    gint64 seconds, microseconds;

    /* Not G_GINT64_FORMAT, whose "i" takes microseconds with a zero in front for octal. */
    g_assert_cmpint(sscanf(line, "%" G_GINT64_MODIFIER "d.%6" G_GINT64_MODIFIER "d: ", &seconds,
                           &microseconds), ==, 2);
    return seconds * G_USEC_PER_SEC + microseconds;
}

static const char *text_of(const char *line)
{
    return strstr(line, ": ") + 2;
}

static void test_order(void)
{
    g_autofree char *path = start_file();
    g_auto(GStrv) lines = NULL;

    g_message("before");
    log_hold(the_log, TRUE);
    g_warning("first");
    g_info("second");
    log_fields(G_LOG_LEVEL_MESSAGE, NULL, 0, "third");
    lines = lines_of(path);
    g_assert_cmpuint(g_strv_length(lines), ==, 1);
    g_clear_pointer(&lines, g_strfreev);
    log_hold(the_log, FALSE);
    g_message("after");
    lines = lines_of(path);
    g_assert_cmpuint(g_strv_length(lines), ==, 5);
    g_assert_cmpstr(text_of(lines[0]), ==, "message: before");
    g_assert_cmpstr(text_of(lines[1]), ==, "warning: first");
    g_assert_cmpstr(text_of(lines[2]), ==, "info: second");
    g_assert_cmpstr(text_of(lines[3]), ==, "message: third");
    g_assert_cmpstr(text_of(lines[4]), ==, "message: after");
}

/* Each with the time at which it was logged, not that of the thaw. */
static void test_times(void)
{
    g_autofree char *path = start_file();
    g_auto(GStrv) lines = NULL;
    gint64 before, after;

    log_hold(the_log, TRUE);
    before = g_get_real_time();
    g_message("one");
    after = g_get_real_time();
    while (g_get_real_time() <= after)
        ;
    log_hold(the_log, FALSE);
    lines = lines_of(path);
    g_assert_cmpint(time_of(lines[0]), >=, before);
    g_assert_cmpint(time_of(lines[0]), <=, after);
}

/* Of too many lines the oldest are dropped, and the log reports how many, in their place. */
static void test_overflow(void)
{
    g_autofree char *path = start_file();
    g_auto(GStrv) lines = NULL;

    log_hold(the_log, TRUE);
    for (int i = 0; i < LOG_MAX_LINES + 7; i++)
        g_message("line %d", i);
    expect_empty(path);
    log_hold(the_log, FALSE);
    lines = lines_of(path);
    g_assert_cmpuint(g_strv_length(lines), ==, LOG_MAX_LINES + 1);
    g_assert_cmpstr(text_of(lines[0]), ==, "warning: 7 log lines were dropped: the log could "
                                           "not be written in time");
    g_assert_cmpstr(text_of(lines[1]), ==, "message: line 7");
    g_assert_cmpstr(text_of(lines[LOG_MAX_LINES]), ==, "message: line 1006");
    /* The next freeze begins to count anew. */
    log_hold(the_log, TRUE);
    g_message("once more");
    log_hold(the_log, FALSE);
    g_strfreev(lines);
    lines = lines_of(path);
    g_assert_cmpuint(g_strv_length(lines), ==, LOG_MAX_LINES + 2);
}

static void test_nothing_held(void)
{
    g_autofree char *path = start_file();

    log_hold(the_log, TRUE);
    log_hold(the_log, FALSE);
    log_hold(the_log, FALSE);
    expect_empty(path);
}

/* Fields are copied: their owner may be gone when the line is written. */
static void test_fields(void)
{
    g_autofree char *path = start_file();
    g_auto(GStrv) lines = NULL;
    char value[] = "value";
    char message[] = "audit";
    LogField field = { "GUESTD_COMMAND", value };

    log_hold(the_log, TRUE);
    log_fields(G_LOG_LEVEL_INFO, &field, 1, message);
    memset(value, 'x', strlen(value));
    memset(message, 'x', strlen(message));
    log_hold(the_log, FALSE);
    lines = lines_of(path);
    g_assert_cmpstr(text_of(lines[0]), ==, "info: audit");
}

static gpointer log_many(gpointer data)
{
    for (int i = 0; i < 100; i++)
        g_message("%s %d", (const char *)data, i);
    return NULL;
}

/* Workers log while the freeze ends: no line is lost, each thread's stay in order. */
static void test_threads(void)
{
    g_autofree char *path = start_file();
    static const char *const names[] = { "a", "b", "c", "d" };
    GThread *threads[G_N_ELEMENTS(names)];
    g_auto(GStrv) lines = NULL;
    int next[G_N_ELEMENTS(names)] = { 0 };

    log_hold(the_log, TRUE);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        threads[i] = g_thread_new("logger", log_many, (gpointer)names[i]);
    log_hold(the_log, FALSE);
    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        g_thread_join(threads[i]);
    lines = lines_of(path);
    g_assert_cmpuint(g_strv_length(lines), ==, 400);
    for (char **line = lines; *line; line++) {
        const char *text = strstr(*line, "message: ") + strlen("message: ");

        g_assert_cmpint(atoi(text + 2), ==, next[*text - 'a']++);
    }
}

/* Long lines count by their bytes, too. */
static void test_bytes(void)
{
    g_autofree char *path = start_file();
    g_autofree char *half = g_strnfill(LOG_MAX_BYTES / 2, 'x');
    g_auto(GStrv) lines = NULL;

    log_hold(the_log, TRUE);
    g_message("first");
    g_message("%s", half);
    g_message("%s", half);
    log_hold(the_log, FALSE);
    lines = lines_of(path);
    g_assert_cmpuint(g_strv_length(lines), ==, 2);
    g_assert_nonnull(strstr(lines[0], "warning: 2 log lines were dropped"));
    g_assert_cmpuint(strlen(text_of(lines[1])), ==, strlen("message: ") + LOG_MAX_BYTES / 2);
}

static void test_background(void)
{
    log_run_in_background(the_log);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        void (*func)(void);
    } tests[] = {
        { "order", test_order },
        { "times", test_times },
        { "too many lines -> the oldest are dropped", test_overflow },
        { "bytes", test_bytes },
        { "no lines -> nothing written", test_nothing_held },
        { "fields", test_fields },
        { "several threads", test_threads },
    };
    int status;

    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    the_log = log_start();
    dir = kit_make_directory();
    for (int pass = 0; pass < 2; pass++) {
        if (pass == 1)
            g_test_add_func("/log/background/start", test_background);
        for (gsize i = 0; i < G_N_ELEMENTS(tests); i++) {
            g_autofree char *name = g_strconcat(pass ? "/log/background/hold/" : "/log/hold/",
                                                tests[i].name, NULL);

            g_test_add_func(name, tests[i].func);
        }
    }
    status = g_test_run();
    log_stop(the_log);
    kit_remove_tree(dir);
    return status;
}
