/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/file/table.h"

#include <errno.h>

#include "lib/errors.h"

struct FileTable {
    GMutex lock;
    GHashTable *files; /* handle -> OpenFile */
    guint reserved;
    gint64 (*now_us)(void);
};

static void open_file_free(gpointer data)
{
    OpenFile *file = data;

    g_mutex_clear(&file->lock);
    g_free(file->path);
    g_free(file);
}

FileTable *file_table_new(gint64 (*now_us)(void))
{
    FileTable *table = g_new0(FileTable, 1);

    g_mutex_init(&table->lock);
    table->files = g_hash_table_new(g_int64_hash, g_int64_equal);
    table->now_us = now_us;
    return table;
}

static gboolean failed_to_close(GError **error)
{
    return set_errno_error(error, errno, "failed to close handle");
}

/* Everything that can fail is done before the stream is closed, which it is in any case. */
static gboolean end_stream(OpenFile *file, gboolean discarded, GError **error)
{
    FILE *stream = g_steal_pointer(&file->stream);
    Replacement *replacement = g_steal_pointer(&file->replacement);
    gboolean ok = TRUE;

    if (replacement) {
        if (!discarded && fflush(stream) != 0)
            ok = failed_to_close(error);
        else if (!discarded)
            ok = replacement_commit(replacement, fileno(stream), error);
        replacement_free(replacement);
    }
    if (fclose(stream) != 0 && ok && !discarded)
        ok = failed_to_close(error);
    return ok;
}

/* With the table locked. */
static gboolean is_busy(const FileTable *table)
{
    GHashTableIter iter;
    gpointer file;

    g_hash_table_iter_init(&iter, table->files);
    while (g_hash_table_iter_next(&iter, NULL, &file))
        if (((OpenFile *)file)->users > 0)
            return TRUE;
    return table->reserved > 0;
}

void file_table_free(FileTable *table)
{
    GHashTableIter iter;
    gpointer file;
    gboolean busy;

    g_mutex_lock(&table->lock);
    busy = is_busy(table);
    g_hash_table_iter_init(&iter, table->files);
    while (g_hash_table_iter_next(&iter, NULL, &file)) {
        if (((OpenFile *)file)->users > 0)
            continue;
        end_stream(file, ((OpenFile *)file)->replacement != NULL, NULL);
        open_file_free(file);
        g_hash_table_iter_remove(&iter);
    }
    g_mutex_unlock(&table->lock);
    if (busy)
        return;
    g_hash_table_unref(table->files);
    g_mutex_clear(&table->lock);
    g_free(table);
}

/* With the table locked: the file that was idle for longest, and long enough. */
static OpenFile *find_idle(FileTable *table)
{
    OpenFile *found = NULL;
    GHashTableIter iter;
    gpointer value;

    g_hash_table_iter_init(&iter, table->files);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        OpenFile *file = value;

        if (file->users == 0 && table->now_us() - file->used_us >= FILE_TABLE_IDLE_US &&
            (!found || file->used_us < found->used_us ||
             (file->used_us == found->used_us && file->handle < found->handle)))
            found = file;
    }
    return found;
}

gboolean file_table_reserve(FileTable *table, GError **error)
{
    OpenFile *idle = NULL;
    g_autoptr(GError) local = NULL;
    gboolean room;

    g_mutex_lock(&table->lock);
    room = g_hash_table_size(table->files) + table->reserved < FILE_TABLE_MAX;
    if (!room)
        idle = find_idle(table);
    if (idle)
        g_hash_table_remove(table->files, &idle->handle); /* nobody finds it from here on */
    if (room || idle)
        table->reserved++;
    g_mutex_unlock(&table->lock);
    if (room)
        return TRUE;
    if (!idle)
        return set_error(error, "%d files are open; close one of them first", FILE_TABLE_MAX);
    g_message("file handle %" G_GINT64_FORMAT " (%s) was idle for an hour and makes room for another",
              idle->handle, idle->path);
    if (!end_stream(idle, idle->replacement != NULL, &local))
        g_warning("%s: %s", idle->path, local->message);
    open_file_free(idle);
    return TRUE;
}

void file_table_cancel(FileTable *table)
{
    g_mutex_lock(&table->lock);
    table->reserved--;
    g_mutex_unlock(&table->lock);
}

void file_table_add(FileTable *table, gint64 handle, const char *path, FILE *stream,
                    Replacement *replacement)
{
    OpenFile *file = g_new0(OpenFile, 1);

    g_mutex_init(&file->lock);
    file->handle = handle;
    file->path = g_strdup(path);
    file->stream = stream;
    file->replacement = replacement;
    g_mutex_lock(&table->lock);
    table->reserved--;
    file->used_us = table->now_us();
    g_hash_table_insert(table->files, &file->handle, file);
    g_mutex_unlock(&table->lock);
}

static gboolean unknown_handle(gint64 handle, GError **error)
{
    return set_error(error, "handle '%" G_GINT64_FORMAT "' has not been found", handle);
}

OpenFile *file_table_take(FileTable *table, gint64 handle, GError **error)
{
    OpenFile *file;
    gboolean crowded = FALSE;

    g_mutex_lock(&table->lock);
    file = g_hash_table_lookup(table->files, &handle);
    if (file) {
        crowded = file->users >= FILE_TABLE_MAX_USERS;
        if (!crowded)
            file->users++;
    }
    g_mutex_unlock(&table->lock);
    if (!file)
        return unknown_handle(handle, error), NULL;
    if (crowded) {
        set_error(error, "handle '%" G_GINT64_FORMAT "' is busy: %d commands wait for it", handle,
                  FILE_TABLE_MAX_USERS);
        return NULL;
    }
    g_mutex_lock(&file->lock);
    if (file->stream)
        return file;
    file_table_release(table, file);
    unknown_handle(handle, error);
    return NULL;
}

void file_table_release(FileTable *table, OpenFile *file)
{
    gboolean last;

    g_mutex_unlock(&file->lock);
    g_mutex_lock(&table->lock);
    last = --file->users == 0 && !g_hash_table_contains(table->files, &file->handle);
    file->used_us = table->now_us();
    g_mutex_unlock(&table->lock);
    if (last)
        open_file_free(file);
}

gboolean file_table_close(FileTable *table, OpenFile *file, gboolean discarded, GError **error)
{
    gboolean ok = end_stream(file, discarded, error);

    g_mutex_lock(&table->lock);
    g_hash_table_remove(table->files, &file->handle);
    g_mutex_unlock(&table->lock);
    file_table_release(table, file);
    return ok;
}
