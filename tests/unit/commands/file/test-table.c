/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "commands/file/table.h"
#include "tests/unit/kit/kit.h"

/* The table of open files, with a clock that the test sets. */

static gint64 clock_us;

static gint64 scripted_clock(void)
{
    return clock_us;
}

static FileTable *new_table(void)
{
    clock_us = 0;
    return file_table_new(scripted_clock);
}

static void add(FileTable *table, gint64 handle, FILE *stream)
{
    g_autoptr(GError) error = NULL;

    file_table_reserve(table, &error);
    g_assert_no_error(error);
    file_table_add(table, handle, "/path", stream ? stream : fopen("/dev/null", "re"), NULL);
}

static void expect_unknown(FileTable *table, gint64 handle)
{
    g_autofree char *wanted =
        g_strdup_printf("handle '%" G_GINT64_FORMAT "' has not been found", handle);
    g_autoptr(GError) error = NULL;

    g_assert_null(file_table_take(table, handle, &error));
    kit_expect_error(&error, wanted);
}

static void touch(FileTable *table, gint64 handle)
{
    g_autoptr(GError) error = NULL;
    OpenFile *file = file_table_take(table, handle, &error);

    g_assert_no_error(error);
    file_table_release(table, file);
}

static void expect_full(FileTable *table)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(file_table_reserve(table, &error));
    kit_expect_error(&error, "256 files are open; close one of them first");
}

static void fill(FileTable *table)
{
    for (gint64 handle = 0; handle < FILE_TABLE_MAX; handle++)
        add(table, handle, NULL);
}

static void test_handles(void)
{
    FileTable *table = new_table();
    g_autoptr(GError) error = NULL;
    OpenFile *file;

    expect_unknown(table, 7);
    add(table, 7, NULL);
    expect_unknown(table, 8);
    file = file_table_take(table, 7, &error);
    g_assert_no_error(error);
    g_assert_cmpint(file->handle, ==, 7);
    g_assert_true(file_table_close(table, file, FALSE, &error));
    expect_unknown(table, 7);
    file_table_free(table);
}

/* Reserved places count as well. */
static void test_full(void)
{
    FileTable *table = new_table();

    for (int i = 0; i < FILE_TABLE_MAX; i++)
        g_assert_true(file_table_reserve(table, NULL));
    expect_full(table);
    file_table_cancel(table);
    add(table, 1, NULL);
    expect_full(table);
    for (int i = 1; i < FILE_TABLE_MAX; i++)
        file_table_cancel(table);
    add(table, 2, NULL);
    file_table_free(table);
}

static void test_idle(void)
{
    FileTable *table = new_table();
    g_autofree char *log = NULL;

    fill(table);
    clock_us = FILE_TABLE_IDLE_US - 1;
    expect_full(table);
    touch(table, 0);
    clock_us = FILE_TABLE_IDLE_US;
    touch(table, 2);
    g_free(kit_take_log());
    /* 0 and 2 are in use; 1 is the oldest of the others. */
    add(table, 1000, NULL);
    log = kit_take_log();
    g_assert_cmpstr(log, ==,
                    "file handle 1 (/path) was idle for an hour and is closed for another one\n");
    expect_unknown(table, 1);
    add(table, 1001, NULL);
    expect_unknown(table, 3);
    touch(table, 0);
    touch(table, 2);
    touch(table, 4);
    file_table_free(table);
}

/* The file with the longest idle time is closed, whatever its number. */
static void test_oldest(void)
{
    FileTable *table = new_table();

    fill(table);
    for (gint64 handle = FILE_TABLE_MAX; handle-- > 0;) {
        clock_us++;
        touch(table, handle);
    }
    clock_us += FILE_TABLE_IDLE_US;
    for (gint64 handle = FILE_TABLE_MAX; handle-- > 0;) {
        add(table, 1000 + handle, NULL);
        expect_unknown(table, handle);
    }
    expect_full(table);
    file_table_free(table);
}

static void test_busy_is_kept(void)
{
    FileTable *table = new_table();
    OpenFile *files[FILE_TABLE_MAX];

    fill(table);
    for (gint64 handle = 0; handle < FILE_TABLE_MAX; handle++)
        files[handle] = file_table_take(table, handle, NULL);
    clock_us = 2 * FILE_TABLE_IDLE_US;
    expect_full(table);
    for (gint64 handle = 0; handle < FILE_TABLE_MAX; handle++)
        file_table_release(table, files[handle]);
    expect_full(table); /* it was just used */
    file_table_free(table);
}

static void expect_contents(const char *path, const char *wanted)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, wanted);
}

/* Buffered bytes are written when a file makes room, and when the table is freed. */
static void test_buffered(void)
{
    char *directory = kit_make_directory();
    g_autofree char *idle = g_build_filename(directory, "idle", NULL);
    g_autofree char *last = g_build_filename(directory, "last", NULL);
    FileTable *table = new_table();
    FILE *one = fopen(idle, "we"), *other = fopen(last, "we");

    fputs("idle", one);
    fputs("last", other);
    add(table, -1, one);
    clock_us = 1;
    for (gint64 handle = 1; handle < FILE_TABLE_MAX; handle++)
        add(table, handle, NULL);
    clock_us = FILE_TABLE_IDLE_US;
    expect_contents(idle, "");
    add(table, 1000, other);
    expect_contents(idle, "idle");
    expect_contents(last, "");
    file_table_free(table);
    expect_contents(last, "last");
    kit_remove_tree(directory);
}

/* Threads ------------------------------------------------------------------------ */

typedef struct {
    FileTable *table;
    guint found;
    guint unknown;
    guint counter; /* without a lock of its own */
} Shared;

static guint users_of(OpenFile *file)
{
    return (guint)g_atomic_int_get((gint *)&file->users);
}

static gpointer take_once(gpointer data)
{
    Shared *shared = data;
    OpenFile *file = file_table_take(shared->table, 1, NULL);

    g_atomic_int_inc((gint *)(file ? &shared->found : &shared->unknown));
    if (file)
        file_table_release(shared->table, file);
    return NULL;
}

/* A command that waits for a file while it is closed gets an error. */
static void test_closed_meanwhile(void)
{
    Shared shared = { .table = new_table() };
    GThread *threads[FILE_TABLE_MAX_USERS - 1];
    g_autoptr(GError) error = NULL;
    OpenFile *file;

    add(shared.table, 1, NULL);
    file = file_table_take(shared.table, 1, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("waiter", take_once, &shared);
    while (users_of(file) < FILE_TABLE_MAX_USERS)
        g_thread_yield();
    g_assert_null(file_table_take(shared.table, 1, &error));
    kit_expect_error(&error, "handle '1' is busy: 8 commands wait for it");
    g_assert_true(file_table_close(shared.table, file, FALSE, NULL));
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(shared.found, ==, 0);
    g_assert_cmpuint(shared.unknown, ==, G_N_ELEMENTS(threads));
    file_table_free(shared.table);
}

#define TIMES 20000

static gpointer count(gpointer data)
{
    Shared *shared = data;

    for (int i = 0; i < TIMES; i++) {
        OpenFile *file = file_table_take(shared->table, 1, NULL);

        shared->counter++;
        file_table_release(shared->table, file);
    }
    return NULL;
}

static void test_one_at_a_time(void)
{
    Shared shared = { .table = new_table() };
    GThread *threads[4];

    add(shared.table, 1, NULL);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        threads[i] = g_thread_new("counter", count, &shared);
    for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
        g_thread_join(threads[i]);
    g_assert_cmpuint(shared.counter, ==, G_N_ELEMENTS(threads) * TIMES);
    file_table_free(shared.table);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    g_test_add_func("/file-table/unknown handle -> error", test_handles);
    g_test_add_func("/file-table/full -> error", test_full);
    g_test_add_func("/file-table/full, one idle -> closes it", test_idle);
    g_test_add_func("/file-table/full, several idle -> closes the oldest", test_oldest);
    g_test_add_func("/file-table/full, idle one in use -> error", test_busy_is_kept);
    g_test_add_func("/file-table/closed with buffered bytes -> written", test_buffered);
    g_test_add_func("/file-table/closed while a command waits -> error", test_closed_meanwhile);
    g_test_add_func("/file-table/two commands on one file -> one after another",
                    test_one_at_a_time);
    return g_test_run();
}
