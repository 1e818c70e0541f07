/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/base/log.h"
#include "tests/unit/kit/kit.h"

/* The log file, in qemu-ga's format. There is one log in a process: tests take turns with it. */

typedef struct {
    Log *log;
    char *dir;
    char *path;
} Fixture;

static void set_up(Fixture *f, gconstpointer log)
{
    f->log = (Log *)log;
    f->dir = kit_make_directory();
    f->path = g_build_filename(f->dir, "log", NULL);
}

static void tear_down(Fixture *f, gconstpointer log)
{
    (void)log;
    g_free(f->path);
    kit_remove_tree(f->dir);
}

static void open_log(Fixture *f, gboolean verbose)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(log_open(f->log, f->path, verbose, &error));
    g_assert_no_error(error);
}

static void expect_lines(Fixture *f, const char *pattern)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(f->path, &text, NULL, NULL));
    if (!g_regex_match_simple(pattern, text, G_REGEX_DOLLAR_ENDONLY, 0))
        g_error("log reads '%s'", text);
}

#define STAMP "[0-9]{10,}\\.[0-9]{6}: "

static void log_all(void)
{
    g_debug("d %d", 1);
    g_info("i");
    g_message("m");
    g_warning("w");
    g_critical("c");
}

static void test_quiet(Fixture *f, gconstpointer log)
{
    (void)log;
    open_log(f, FALSE);
    log_all();
    expect_lines(f, "^" STAMP "message: m\n" STAMP "warning: w\n" STAMP "critical: c\n$");
}

static void test_verbose(Fixture *f, gconstpointer log)
{
    (void)log;
    open_log(f, TRUE);
    log_all();
    expect_lines(f, "^" STAMP "debug: d 1\n" STAMP "info: i\n" STAMP "message: m\n" STAMP
                    "warning: w\n" STAMP "critical: c\n$");
}

static void test_appends(Fixture *f, gconstpointer log)
{
    (void)log;
    g_free(kit_write_file(f->dir, "log", "before\n"));
    open_log(f, FALSE);
    g_message("after");
    expect_lines(f, "^before\n" STAMP "message: after\n$");
}

/* A text sink shows the message alone. */
static void test_fields(Fixture *f, gconstpointer log)
{
    (void)log;
    open_log(f, FALSE);
    log_fields(G_LOG_LEVEL_MESSAGE,
               (LogField[]){ { "GUESTD_COMMAND", "c" }, { "GUESTD_CHANNEL", "h" } }, 2, "text");
    log_fields(G_LOG_LEVEL_DEBUG, NULL, 0, "hidden");
    expect_lines(f, "^" STAMP "message: text\n$");
}

/* What comes from the wire cannot forge a line. */
static void test_control_bytes(Fixture *f, gconstpointer log)
{
    (void)log;
    open_log(f, FALSE);
    g_message("a\nb\x1B\x7F\xC3\xA9");
    expect_lines(f, "^" STAMP "message: a\\\\x0Ab\\\\x1B\\\\x7F\xC3\xA9\n$");
}

static void test_no_file(Fixture *f, gconstpointer log)
{
    g_autofree char *path = g_build_filename(f->dir, "no", "log", NULL);
    g_autofree char *wanted =
        g_strdup_printf("failed to open log file %s: No such file or directory", path);
    g_autoptr(GError) error = NULL;

    (void)log;
    g_assert_false(log_open(f->log, path, FALSE, &error));
    kit_expect_error(&error, wanted);
}

static gpointer log_many(gpointer data)
{
    for (guint i = 0; i < 200; i++)
        g_message("%s", (const char *)data);
    return NULL;
}

/* Lines of several threads do not mix. */
static void test_threads(Fixture *f, gconstpointer log)
{
    g_autofree char *long_line = g_strnfill(3000, 'x');
    g_autofree char *text = NULL;
    g_auto(GStrv) lines = NULL;
    GThread *threads[4];

    (void)log;
    open_log(f, FALSE);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("log", log_many, long_line);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_true(g_file_get_contents(f->path, &text, NULL, NULL));
    lines = g_strsplit(text, "\n", -1);
    g_assert_cmpuint(g_strv_length(lines), ==, 4 * 200 + 1);
    for (guint i = 0; i < 4 * 200; i++)
        g_assert_true(g_regex_match_simple("^" STAMP "message: x{3000}$", lines[i], 0, 0));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *f, gconstpointer log);
    } tests[] = {
        { "/log/quiet", test_quiet },     { "/log/verbose", test_verbose },
        { "/log/appends", test_appends }, { "/log/fields", test_fields },
        { "/log/control-bytes", test_control_bytes },
        { "/log/no-file", test_no_file }, { "/log/threads", test_threads },
    };
    Log *log;
    int status;

    g_test_init(&argc, &argv, NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    log = log_start();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, log, set_up, tests[i].func, tear_down);
    status = g_test_run();
    log_stop(log);
    return status;
}
