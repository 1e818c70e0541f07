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

/* Does everything that can fail before the stream is closed, which happens in any case. */
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

static gboolean is_busy_locked(const FileTable *table)
{
    GHashTableIter iter;
    gpointer file;

    g_hash_table_iter_init(&iter, table->files);
    while (g_hash_table_iter_next(&iter, NULL, &file))
        if (((OpenFile *)file)->users > 0)
            return TRUE;
    return table->reserved > 0;
}

/* Closes all files but those that are in use. Returns whether there are any of these. */
static gboolean close_unused(FileTable *table)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&table->lock);
    gboolean busy = is_busy_locked(table);
    GHashTableIter iter;
    gpointer file;

    g_hash_table_iter_init(&iter, table->files);
    while (g_hash_table_iter_next(&iter, NULL, &file)) {
        if (((OpenFile *)file)->users > 0)
            continue;
        end_stream(file, ((OpenFile *)file)->replacement != NULL, NULL);
        open_file_free(file);
        g_hash_table_iter_remove(&iter);
    }
    return busy;
}

void file_table_free(FileTable *table)
{
    if (close_unused(table))
        return;
    g_hash_table_unref(table->files);
    g_mutex_clear(&table->lock);
    g_free(table);
}

/* The file that was idle for the longest time, if that is long enough; else NULL. */
static OpenFile *find_idle_locked(const FileTable *table)
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

/* Reserves a place if there is one; if need be by taking *@idle out of the table. */
static gboolean take_place(FileTable *table, OpenFile **idle)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&table->lock);

    *idle = NULL;
    if (g_hash_table_size(table->files) + table->reserved >= FILE_TABLE_MAX) {
        *idle = find_idle_locked(table);
        if (!*idle)
            return FALSE;
        g_hash_table_remove(table->files, &(*idle)->handle);
    }
    table->reserved++;
    return TRUE;
}

gboolean file_table_reserve(FileTable *table, GError **error)
{
    OpenFile *idle;
    g_autoptr(GError) local = NULL;

    if (!take_place(table, &idle))
        return set_error(error, "%d files are open; close one of them first", FILE_TABLE_MAX);
    if (!idle)
        return TRUE;
    g_message("file handle %" G_GINT64_FORMAT
              " (%s) was idle for an hour and is closed for another one",
              idle->handle, idle->path);
    if (!end_stream(idle, idle->replacement != NULL, &local))
        g_warning("%s: %s", idle->path, local->message);
    open_file_free(idle);
    return TRUE;
}

void file_table_cancel(FileTable *table)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&table->lock);

    table->reserved--;
}

void file_table_add(FileTable *table, gint64 handle, const char *path, FILE *stream,
                    Replacement *replacement)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&table->lock);
    OpenFile *file = g_new0(OpenFile, 1);

    g_mutex_init(&file->lock);
    file->handle = handle;
    file->path = g_strdup(path);
    file->stream = stream;
    file->replacement = replacement;
    file->used_us = table->now_us();
    table->reserved--;
    g_hash_table_insert(table->files, &file->handle, file);
}

static gboolean unknown_handle(gint64 handle, GError **error)
{
    return set_error(error, "handle '%" G_GINT64_FORMAT "' has not been found", handle);
}

/* The file of @handle with one more user, or NULL with @error set. */
static OpenFile *find_for_use(FileTable *table, gint64 handle, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&table->lock);
    OpenFile *file = g_hash_table_lookup(table->files, &handle);

    if (!file) {
        unknown_handle(handle, error);
        return NULL;
    }
    if (file->users >= FILE_TABLE_MAX_USERS) {
        set_error(error, "handle '%" G_GINT64_FORMAT "' is busy: %d commands wait for it", handle,
                  FILE_TABLE_MAX_USERS);
        return NULL;
    }
    file->users++;
    return file;
}

OpenFile *file_table_take(FileTable *table, gint64 handle, GError **error)
{
    OpenFile *file = find_for_use(table, handle, error);

    if (!file)
        return NULL;
    g_mutex_lock(&file->lock); /* until file_table_release() */
    if (file->stream)
        return file;
    file_table_release(table, file);
    unknown_handle(handle, error);
    return NULL;
}

/* Returns whether @file has been closed, and that was its last user. */
static gboolean end_use(FileTable *table, OpenFile *file)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&table->lock);

    file->used_us = table->now_us();
    return --file->users == 0 && !g_hash_table_contains(table->files, &file->handle);
}

void file_table_release(FileTable *table, OpenFile *file)
{
    g_mutex_unlock(&file->lock); /* of file_table_take() */
    if (end_use(table, file))
        open_file_free(file);
}

static void remove_file(FileTable *table, const OpenFile *file)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&table->lock);

    g_hash_table_remove(table->files, &file->handle);
}

gboolean file_table_close(FileTable *table, OpenFile *file, gboolean discarded, GError **error)
{
    gboolean ok = end_stream(file, discarded, error);

    remove_file(table, file);
    file_table_release(table, file);
    return ok;
}
