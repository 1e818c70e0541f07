/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/exec/control.h"

#include <string.h>

#include "lib/errors.h"
#include "lib/json/base64.h"

#define DEFAULT_READ (1024 * 1024)
#define MAX_READ (16 * 1024 * 1024)
/* Base64 of one write; decoding more would delay other connections. */
#define MAX_WRITE_TEXT (8 * 1024 * 1024)
/* This many bytes may wait for a slow reader before the reply to a write waits, too. */
#define INPUT_AHEAD (1024 * 1024)

/* ---- guestd-exec-read */

typedef struct {
    bool has_stream;
    bool has_offset;
    bool has_count;
    bool has_wait;
    gint64 pid;
    int stream;
    gint64 offset;
    gint64 count;
    gint64 wait;
} ReadArgs;

typedef struct {
    gint64 count;
    Bytes data;
    bool eof;
    bool truncated;
    bool exited;
} ReadResult;

static const Type stream_type = {
    .kind = TYPE_ENUM,
    .name = "GuestdExecStream",
    .size = sizeof(int),
    .values = (const char *const[]){ [CHILD_OUT] = "stdout", [CHILD_ERR] = "stderr", NULL },
};

static const Type read_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(ReadArgs),
    .fields = (const Field[]){
        REQUIRED(ReadArgs, pid, "pid", &type_int, .doc = "process ID, from guest-exec"),
        OPTIONAL(ReadArgs, stream, "stream", &stream_type, .doc = "the stream to read",
                 .fallback = "stdout"),
        OPTIONAL(ReadArgs, offset, "offset", &type_int, .doc = "number of bytes read before",
                 .fallback = "0"),
        OPTIONAL(ReadArgs, count, "count", &type_int, .doc = "largest number of bytes to return",
                 .fallback = "1048576"),
        OPTIONAL(ReadArgs, wait, "wait", &type_int,
                 .doc = "milliseconds to wait for output if there is none yet",
                 .fallback = "0"),
        FIELDS_END,
    },
};

static const Type read_result = {
    .kind = TYPE_OBJECT,
    .name = "GuestdExecRead",
    .size = sizeof(ReadResult),
    .fields = (const Field[]){
        REQUIRED(ReadResult, count, "count", &type_int, .doc = "number of bytes returned"),
        REQUIRED(ReadResult, data, "buf-b64", &type_base64, .flags = FIELD_SECRET,
                 .doc = "the bytes"),
        REQUIRED(ReadResult, eof, "eof", &type_bool, .doc = "whether no output follows"),
        REQUIRED(ReadResult, truncated, "truncated", &type_bool,
                 .doc = "whether output was dropped after what is kept"),
        REQUIRED(ReadResult, exited, "exited", &type_bool,
                 .doc = "whether the process has exited; guest-exec-status returns its result"),
        FIELDS_END,
    },
};

static gboolean is_readable(const Waiter *waiter)
{
    const ReadArgs *args = waiter->call->args;
    const Capture *capture = child_capture(waiter->process->child, args->stream);
    gsize len;

    if (!capture || capture_ended(capture) || child_finished(waiter->process->child))
        return TRUE;
    capture_data(capture, &len);
    return len > (gsize)args->offset;
}

static gboolean answer_read(Call *call, Process *process, GError **error)
{
    const ReadArgs *args = call->args;
    const Capture *capture = child_capture(process->child, args->stream);
    ReadResult *result = call->result;
    const char *data;
    gsize len, offset;

    if (process->collected)
        return set_error(error, "the result of process %" G_GINT64_FORMAT
                         " was collected meanwhile", process->pid);
    data = capture_data(capture, &len);
    offset = MIN(len, (gsize)args->offset);
    result->data.len = MIN(len - offset, (gsize)(args->has_count ? args->count : DEFAULT_READ));
    /* Stays in place until the reply is written, which happens at once. */
    result->data.data = (char *)data + offset;
    result->count = (gint64)result->data.len;
    result->exited = child_finished(process->child);
    result->truncated = capture_truncated(capture);
    result->eof = offset + result->data.len == len && (capture_ended(capture) || result->exited);
    return TRUE;
}

static gboolean read_run(Call *call, GError **error)
{
    const ReadArgs *args = call->args;
    Process *process = exec_find_for(call, args->pid, error);
    Waiter look = { .process = process, .call = call };

    if (!process)
        return FALSE;
    if (args->offset < 0)
        return exec_refuse(error, "offset", args->offset);
    if (args->has_count && (args->count < 1 || args->count > MAX_READ))
        return exec_refuse(error, "count", args->count);
    if (args->wait < 0 || args->wait > EXEC_MAX_WAIT_MS)
        return exec_refuse(error, "wait", args->wait);
    if (!child_capture(process->child, args->stream))
        return set_error(error, "%s of process %" G_GINT64_FORMAT " is not captured",
                         stream_type.values[args->stream], process->pid);
    if (args->wait == 0 || is_readable(&look))
        return answer_read(call, process, error);
    process_wait(process, call, args->wait, is_readable, answer_read);
    return TRUE;
}

const Command guestd_exec_read = {
    .name = "guestd-exec-read",
    .rank = 1030,
    .since = "guestd 0.1",
    .doc = "Read captured output of a program, also while it runs",
    .args = &read_args,
    .returns = &read_result,
    .flags = COMMAND_EXEC | COMMAND_ROOT_EQUIVALENT,
    .run = read_run,
};

/* ---- guestd-exec-write */

typedef struct {
    bool has_data;
    bool has_eof;
    bool eof;
    gint64 pid;
    Bytes data;
} WriteArgs;

typedef struct {
    gint64 count;
} WriteResult;

static const Type write_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(WriteArgs),
    .fields = (const Field[]){
        { .name = "pid", .type = &type_int, .offset = offsetof(WriteArgs, pid),
          .has_offset = FIELD_NO_HAS, .flags = FIELD_AUDITED, .doc = "process ID, from "
                                                                     "guest-exec" },
        { .name = "buf-b64", .type = &type_base64, .offset = offsetof(WriteArgs, data),
          .has_offset = offsetof(WriteArgs, has_data), .flags = FIELD_OPTIONAL | FIELD_SECRET,
          .doc = "bytes for its standard input" },
        OPTIONAL(WriteArgs, eof, "eof", &type_bool, .doc = "close it "
                                                           "afterwards", .fallback = "false"),
        FIELDS_END,
    },
};

static const Type write_result = {
    .kind = TYPE_OBJECT,
    .name = "GuestdExecWrite",
    .size = sizeof(WriteResult),
    .fields = (const Field[]){
        REQUIRED(WriteResult, count, "count", &type_int, .doc = "number of bytes taken"),
        FIELDS_END,
    },
};

static gboolean is_taken(const Waiter *waiter)
{
    const Feed *feed = child_feed(waiter->process->child);

    return !feed || feed_waiting(feed) <= INPUT_AHEAD;
}

static gboolean answer_write(Call *call, Process *process, GError **error)
{
    (void)call;
    (void)process;
    (void)error;
    return TRUE; /* write_run() has set the count */
}

static gboolean write_run(Call *call, GError **error)
{
    const WriteArgs *args = call->args;
    WriteResult *result = call->result;
    Process *process = exec_find_for(call, args->pid, error);
    Feed *feed = process ? child_feed(process->child) : NULL;
    Bytes data = args->data;

    if (!process)
        return FALSE;
    if (!feed || !feed_open(feed))
        return set_error(error, "standard input of process %" G_GINT64_FORMAT " is not open",
                         process->pid);
    if (data.len > MAX_WRITE_TEXT)
        return set_error(error, "more than %d MiB of base64 in one write",
                         MAX_WRITE_TEXT / (1024 * 1024));
    if (feed_waiting(feed) > INPUT_AHEAD)
        return set_error(error, "process %" G_GINT64_FORMAT " has unread input; retry later",
                         process->pid);
    if (args->has_data && !bytes_decode(&data, error))
        return FALSE;
    result->count = (gint64)data.len;
    if (data.len) {
        feed_push(feed, g_memdup2(data.data, data.len), data.len);
        explicit_bzero(data.data, data.len);
    }
    if (args->eof)
        feed_close(feed);
    if (feed_waiting(feed) > INPUT_AHEAD)
        process_wait(process, call, 0, is_taken, answer_write);
    return TRUE;
}

const Command guestd_exec_write = {
    .name = "guestd-exec-write",
    .rank = 1031,
    .since = "guestd 0.1",
    .doc = "Write to the standard input of a program started with input-open",
    .flags = COMMAND_EXEC | COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT,
    .args = &write_args,
    .returns = &write_result,
    .run = write_run,
};
