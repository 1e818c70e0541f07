/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/kit.h"

#include <glib/gstdio.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "lib/json/reader.h"

/* Tests wait one at a time, and log into one place. */
static gboolean deadline_passed;
static GMutex log_lock;
static GString *log_text;

static gboolean on_deadline(gpointer data)
{
    (void)data;
    deadline_passed = TRUE;
    return G_SOURCE_CONTINUE;
}

static gboolean on_tick(gpointer data)
{
    (void)data;
    return G_SOURCE_CONTINUE;
}

guint kit_tick_start(void)
{
    return g_timeout_add(5, on_tick, NULL);
}

guint kit_deadline_start(void)
{
    deadline_passed = FALSE;
    return g_timeout_add_seconds(KIT_DEADLINE_S, on_deadline, NULL);
}

gboolean kit_deadline_passed(void)
{
    return deadline_passed;
}

void kit_deadline_stop(guint timer)
{
    g_source_remove(timer);
}

void kit_run_ready(void)
{
    while (g_main_context_iteration(NULL, FALSE))
        ;
}

char *kit_make_directory(void)
{
    g_autoptr(GError) error = NULL;
    char *path = g_dir_make_tmp("guestd-unit-XXXXXX", &error);

    g_assert_no_error(error);
    return path;
}

static void remove_below(const char *path)
{
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name;

    while (dir && (name = g_dir_read_name(dir))) {
        g_autofree char *entry = g_build_filename(path, name, NULL);
        struct stat info;

        if (lstat(entry, &info) == 0 && S_ISDIR(info.st_mode))
            remove_below(entry);
        g_remove(entry);
    }
}

void kit_remove_tree(char *path)
{
    remove_below(path);
    g_assert_cmpint(g_rmdir(path), ==, 0);
    g_free(path);
}

char *kit_write_file(const char *directory, const char *name, const char *text)
{
    g_autoptr(GError) error = NULL;
    char *path = g_build_filename(directory, name, NULL);

    g_file_set_contents(path, text, -1, &error);
    g_assert_no_error(error);
    return path;
}

Value *kit_value(Arena *arena, const char *text)
{
    g_autoptr(GError) error = NULL;
    char *copy = g_strdup(text);
    Value *value;

    arena_adopt(arena, copy);
    value = json_read(arena, copy, strlen(copy), &error);
    g_assert_no_error(error);
    return value;
}

static GLogWriterOutput collect(GLogLevelFlags level, const GLogField *fields, gsize n_fields,
                                gpointer data)
{
    (void)level;
    (void)data;
    g_mutex_lock(&log_lock);
    for (gsize i = 0; i < n_fields; i++)
        if (g_str_equal(fields[i].key, "MESSAGE"))
            g_string_append_printf(log_text, "%s\n", (const char *)fields[i].value);
    g_mutex_unlock(&log_lock);
    return G_LOG_WRITER_HANDLED;
}

static void free_log(void)
{
    g_string_free(log_text, TRUE);
}

void kit_capture_log(void)
{
    log_text = g_string_new(NULL);
    g_log_set_always_fatal(G_LOG_FATAL_MASK);
    g_log_set_writer_func(collect, NULL, NULL);
    atexit(free_log);
}

char *kit_take_log(void)
{
    char *taken;

    g_mutex_lock(&log_lock);
    taken = g_strdup(log_text->str);
    g_string_truncate(log_text, 0);
    g_mutex_unlock(&log_lock);
    return taken;
}

void kit_expect_error(GError **error, const char *message)
{
    g_assert_nonnull(*error);
    g_assert_cmpstr((*error)->message, ==, message);
    g_clear_error(error);
}

void kit_allow_threads(gboolean allowed)
{
    static gsize usual; /* size of a thread's stack */
    pthread_attr_t attributes;

    pthread_getattr_default_np(&attributes);
    if (!usual)
        pthread_attr_getstacksize(&attributes, &usual);
    /* No machine has room for such a stack. */
    pthread_attr_setstacksize(&attributes, allowed ? usual : (gsize)1 << 50);
    pthread_setattr_default_np(&attributes);
    pthread_attr_destroy(&attributes);
}
