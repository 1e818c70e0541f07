/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "commands/file/private.h"
#include "lib/errors.h"
#include "lib/json/base64.h"

/*
 * Reading and writing through stdio, because its buffering is visible: when written bytes reach
 * the file, and how far ahead it is read. Large pieces bypass the buffer.
 *
 * None of these commands is COMMAND_MUTATING: the audit lines of guest-file-open, with path and
 * mode, and of guest-file-close record the change, instead of a line for each piece of a file.
 */

#define READ_DEFAULT 4096
#define READ_MAX (48 * 1024 * 1024)

gboolean file_flush(OpenFile *file, GError **error)
{
    clearerr(file->stream);
    if (fflush(file->stream) != 0)
        return set_errno_error(error, errno, "failed to flush file");
    file->use = FILE_FRESH;
    return TRUE;
}

typedef struct {
    bool has_count;
    gint64 handle;
    gint64 count;
} ReadArgs;

static const Type read_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(ReadArgs),
    .fields = (const Field[]){
        HANDLE_FIELD(ReadArgs),
        OPTIONAL(ReadArgs, count, "count", &type_int, .doc = "number of bytes to read, at most 48 "
                                                             "MiB",
                 .fallback = "4096"),
        FIELDS_END,
    },
};

typedef struct {
    gint64 count;
    Bytes data;
    bool eof;
} ReadResult;

static const Type read_result = {
    .kind = TYPE_OBJECT,
    .name = "GuestFileRead",
    .size = sizeof(ReadResult),
    .fields = (const Field[]){
        REQUIRED(ReadResult, count, "count", &type_int, .doc = "number of bytes read"),
        REQUIRED(ReadResult, data, "buf-b64", &type_base64, .doc = "the bytes"),
        REQUIRED(ReadResult, eof, "eof", &type_bool, .doc = "whether the end of the file was "
                                                            "reached"),
        FIELDS_END,
    },
};

static char *new_buffer(Arena *arena, gsize size)
{
    char *buffer = g_malloc(MAX(size, 1));

    arena_adopt(arena, buffer);
    return buffer;
}

/* Bytes before an error, or before a FIFO has no more, are a short read and not an error. */
static gboolean read_stream(OpenFile *file, gsize count, ReadResult *result, GError **error)
{
    if (file->use == FILE_WAS_WRITTEN && !file_flush(file, error))
        return FALSE;
    clearerr(file->stream);
    result->data.len = fread(result->data.data, 1, count, file->stream);
    if (ferror(file->stream) && result->data.len == 0)
        return set_errno_error(error, errno, "failed to read file");
    file->use = FILE_WAS_READ;
    result->count = (gint64)result->data.len;
    result->eof = feof(file->stream);
    return TRUE;
}

static gboolean read_run(Call *call, GError **error)
{
    const ReadArgs *args = call->args;
    gint64 count = args->has_count ? args->count : READ_DEFAULT;
    ReadResult *result = call->result;
    OpenFile *file = file_table_take(call->state, args->handle, error);
    gboolean ok;

    if (!file)
        return FALSE;
    if (count < 0 || count > READ_MAX) {
        ok = set_error(error, "value '%" G_GINT64_FORMAT "' is invalid for argument count", count);
    } else {
        result->data.data = new_buffer(call->arena, (gsize)count);
        ok = read_stream(file, (gsize)count, result, error);
    }
    file_table_release(call->state, file);
    return ok;
}

const Command guest_file_read = {
    .name = "guest-file-read",
    .rank = 10,
    .since = "0.15.0",
    .doc = "Read from an open file",
    .flags = COMMAND_FILES | COMMAND_BLOCKING | COMMAND_ROOT_EQUIVALENT,
    .args = &read_args,
    .returns = &read_result,
    .run = read_run,
};

typedef struct {
    bool has_count;
    gint64 handle;
    Bytes data;
    gint64 count;
} WriteArgs;

static const Type write_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(WriteArgs),
    .fields = (const Field[]){
        HANDLE_FIELD(WriteArgs),
        REQUIRED(WriteArgs, data, "buf-b64", &type_base64, .doc = "the bytes to write"),
        { .name = "count", .type = &type_int, .offset = offsetof(WriteArgs, count),
          .has_offset = offsetof(WriteArgs, has_count), .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "number of bytes to write; all by default" },
        FIELDS_END,
    },
};

typedef struct {
    gint64 count;
    bool eof;
} WriteResult;

static const Type write_result = {
    .kind = TYPE_OBJECT,
    .name = "GuestFileWrite",
    .size = sizeof(WriteResult),
    .fields = (const Field[]){
        REQUIRED(WriteResult, count, "count", &type_int, .doc = "number of bytes written"),
        REQUIRED(WriteResult, eof, "eof", &type_bool, .doc = "always false"),
        FIELDS_END,
    },
};

static gboolean write_stream(OpenFile *file, const Bytes *data, WriteResult *result, GError **error)
{
    if (file->use == FILE_WAS_READ && fseeko(file->stream, 0, SEEK_CUR) != 0)
        return set_errno_error(error, errno, "failed to seek file");
    file->use = FILE_FRESH;
    clearerr(file->stream);
    result->count = (gint64)fwrite(data->data, 1, data->len, file->stream);
    if (ferror(file->stream))
        return set_errno_error(error, errno, "failed to write to file");
    file->use = FILE_WAS_WRITTEN;
    result->eof = feof(file->stream);
    return TRUE;
}

static gboolean write_run(Call *call, GError **error)
{
    const WriteArgs *args = call->args;
    OpenFile *file = file_table_take(call->state, args->handle, error);
    Bytes data = args->data;
    gboolean ok = FALSE;

    if (!file)
        return FALSE;
    if (!bytes_decode(&data, error)) {
        ok = FALSE;
    } else if (args->has_count && (args->count < 0 || (guint64)args->count > data.len)) {
        set_error(error, "value '%" G_GINT64_FORMAT "' is invalid for argument count", args->count);
    } else {
        data.len = args->has_count ? (gsize)args->count : data.len;
        ok = write_stream(file, &data, call->result, error);
    }
    file_table_release(call->state, file);
    return ok;
}

const Command guest_file_write = {
    .name = "guest-file-write",
    .rank = 11,
    .since = "0.15.0",
    .doc = "Write to an open file, through a buffer",
    .flags = COMMAND_FILES | COMMAND_BLOCKING | COMMAND_ROOT_EQUIVALENT,
    .args = &write_args,
    .returns = &write_result,
    .run = write_run,
};

typedef struct {
    gint64 handle;
    gint64 offset;
    Alternate whence;
} SeekArgs;

static const char *const whence_names[] = { "set", "cur", "end", NULL };
static const int whence_codes[] = { SEEK_SET, SEEK_CUR, SEEK_END };

static const Type type_whence = {
    .kind = TYPE_ALTERNATE,
    .name = "GuestFileWhence",
    .size = sizeof(Alternate),
    .item = &type_int,
    .values = whence_names,
};

static const Type seek_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(SeekArgs),
    .fields = (const Field[]){
        HANDLE_FIELD(SeekArgs),
        REQUIRED(SeekArgs, offset, "offset", &type_int, .doc = "in bytes, relative to whence"),
        REQUIRED(SeekArgs, whence, "whence", &type_whence,
                 .doc = "relative to the start of the file (0, set), the position (1, cur) or the "
                        "end (2, end)"),
        FIELDS_END,
    },
};

typedef struct {
    bool eof;
    gint64 position;
} SeekResult;

static const Type seek_result = {
    .kind = TYPE_OBJECT,
    .name = "GuestFileSeek",
    .size = sizeof(SeekResult),
    .fields = (const Field[]){
        REQUIRED(SeekResult, eof, "eof", &type_bool, .doc = "always false"),
        REQUIRED(SeekResult, position, "position", &type_int, .doc = "from the start of the file"),
        FIELDS_END,
    },
};

static gboolean seek_stream(OpenFile *file, const SeekArgs *args, SeekResult *result,
                            GError **error)
{
    gint64 code = args->whence.is_choice ? args->whence.choice : args->whence.number;

    if (code < 0 || code >= (gint64)G_N_ELEMENTS(whence_codes))
        return set_error(error, "invalid whence code %" G_GINT64_FORMAT, code);
    clearerr(file->stream);
    file->use = FILE_FRESH;
    if (fseeko(file->stream, args->offset, whence_codes[code]) != 0)
        return set_errno_error(error, errno, "failed to seek file");
    result->position = ftello(file->stream);
    result->eof = feof(file->stream);
    return TRUE;
}

static gboolean seek_run(Call *call, GError **error)
{
    const SeekArgs *args = call->args;
    OpenFile *file = file_table_take(call->state, args->handle, error);
    gboolean ok;

    if (!file)
        return FALSE;
    ok = seek_stream(file, args, call->result, error);
    file_table_release(call->state, file);
    return ok;
}

const Command guest_file_seek = {
    .name = "guest-file-seek",
    .rank = 12,
    .since = "0.15.0",
    .doc = "Move the position in an open file",
    .flags = COMMAND_FILES | COMMAND_BLOCKING | COMMAND_ROOT_EQUIVALENT,
    .args = &seek_args,
    .returns = &seek_result,
    .run = seek_run,
};

typedef struct {
    gint64 handle;
} FlushArgs;

static const Type flush_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(FlushArgs),
    .fields = (const Field[]){ HANDLE_FIELD(FlushArgs), FIELDS_END },
};

static gboolean flush_run(Call *call, GError **error)
{
    const FlushArgs *args = call->args;
    OpenFile *file = file_table_take(call->state, args->handle, error);
    gboolean ok;

    if (!file)
        return FALSE;
    ok = file_flush(file, error);
    file_table_release(call->state, file);
    return ok;
}

const Command guest_file_flush = {
    .name = "guest-file-flush",
    .rank = 13,
    .since = "0.15.0",
    .doc = "Write the buffered bytes of an open file to the kernel",
    .flags = COMMAND_FILES | COMMAND_BLOCKING | COMMAND_ROOT_EQUIVALENT,
    .args = &flush_args,
    .run = flush_run,
};
