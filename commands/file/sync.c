/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <unistd.h>

#include "commands/file/private.h"
#include "lib/errors.h"

typedef struct {
    bool has_scope;
    gint64 handle;
    int scope;
} SyncArgs;

typedef enum { SCOPE_FILE, SCOPE_DATA, SCOPE_FILESYSTEM } Scope;

static const Type type_scope = {
    .kind = TYPE_ENUM, .name = "GuestdFileSyncScope", .size = sizeof(int),
    .values = (const char *const[]){ "file", "data", "filesystem", NULL },
};

static const Type sync_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(SyncArgs),
    .fields = (const Field[]){
        HANDLE_FIELD(SyncArgs),
        OPTIONAL(SyncArgs, scope, "scope", &type_scope,
                 .doc = "sync the file, its data without times, or its whole filesystem",
                 .fallback = "file"),
        FIELDS_END,
    },
};

static int sync_stream(FILE *stream, Scope scope, const SysOps *sysops)
{
    int fd = fileno(stream);

    if (scope == SCOPE_FILESYSTEM)
        return sysops->syncfs(fd);
    return scope == SCOPE_DATA ? fdatasync(fd) : fsync(fd);
}

static gboolean sync_run(Call *call, GError **error)
{
    const SyncArgs *args = call->args;
    OpenFile *file = file_table_take(call->state, args->handle, error);
    gboolean ok;

    if (!file)
        return FALSE;
    ok = file->use != FILE_WAS_WRITTEN || file_flush(file, error);
    if (ok && sync_stream(file->stream, (Scope)args->scope, call->services->sysops) < 0)
        ok = set_errno_error(error, errno, "failed to sync file");
    file_table_release(call->state, file);
    return ok;
}

const Command guestd_file_sync = {
    .name = "guestd-file-sync",
    .rank = 1041,
    .since = "guestd 0.1",
    .doc = "Write an open file to its disk, and wait until that is done",
    .flags = COMMAND_FILES | COMMAND_BLOCKING | COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT,
    .args = &sync_args,
    .run = sync_run,
};
