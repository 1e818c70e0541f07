/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/file/open.h"
#include "commands/file/private.h"
#include "lib/errors.h"

/* Opening and closing files. guest-file-read and its like are in io.c. */

typedef struct {
    bool has_nofollow;
    bool has_atomic;
    bool nofollow;
    bool atomic;
    const char *path;
    const char *mode;
    const char *perm;
} OpenArgs;

static const Type open_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(OpenArgs),
    .fields = (const Field[]){
        REQUIRED(OpenArgs, path, "path", &type_string, .flags = FIELD_AUDITED,
                 .doc = "path; a relative one starts at the agent's working directory",
                 .rules = RULE_BIT(RULE_READ) | RULE_BIT(RULE_WRITE)),
        { .name = "mode", .type = &type_string, .offset = offsetof(OpenArgs, mode),
          .has_offset = FIELD_NO_HAS, .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "as for fopen(3): r, w or a, with + and b", .fallback = "r" },
        { .name = "perm", .type = &type_string, .offset = offsetof(OpenArgs, perm),
          .has_offset = FIELD_NO_HAS, .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "permissions of a file that is created, in octal digits, regardless of the umask",
          .fallback = "0666", .since = "guestd 0.1" },
        OPTIONAL(OpenArgs, nofollow, "nofollow", &type_bool,
                 .doc = "fail if the path ends in a symbolic link", .fallback = "false",
                 .since = "guestd 0.1"),
        { .name = "atomic", .type = &type_bool, .offset = offsetof(OpenArgs, atomic),
          .has_offset = offsetof(OpenArgs, has_atomic), .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "write a new file and replace this one as a whole with guest-file-close; "
                 "discarded if the agent exits "
                 "before", .fallback = "false", .since = "guestd 0.1" },
        FIELDS_END,
    },
};

static gboolean open_run(Call *call, GError **error)
{
    const OpenArgs *args = call->args;
    const Services *services = call->services;
    OpenRequest request = { args->path, args->mode ? args->mode : "r", args->perm,
                            args->nofollow, args->atomic };
    Replacement *replacement;
    gint64 handle;
    FILE *stream;

    if (!file_open_check(&request, error) || !file_table_reserve(call->state, error))
        return FALSE;
    stream = file_open(&request, services, &replacement, error);
    if (stream && services->next_handle(services->agent, &handle, error)) {
        file_table_add(call->state, handle, args->path, stream, replacement);
        *(gint64 *)call->result = handle;
        return TRUE;
    }
    if (stream)
        fclose(stream);
    g_clear_pointer(&replacement, replacement_free);
    file_table_cancel(call->state);
    return FALSE;
}

static const Command guest_file_open = {
    .name = "guest-file-open",
    .rank = 8,
    .since = "0.15.0",
    .doc = "Open a file and return a handle for it",
    .flags = COMMAND_FILES | COMMAND_BLOCKING | COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT,
    .args = &open_args,
    .returns = &type_int,
    .run = open_run,
};

typedef struct {
    bool has_discard;
    bool discard;
    gint64 handle;
} CloseArgs;

static const Type close_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(CloseArgs),
    .fields = (const Field[]){
        HANDLE_FIELD(CloseArgs),
        { .name = "discard", .type = &type_bool, .offset = offsetof(CloseArgs, discard),
          .has_offset = offsetof(CloseArgs, has_discard), .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "discard what was written to an atomic file", .fallback = "false",
          .since = "guestd 0.1" },
        FIELDS_END,
    },
};

static gboolean close_run(Call *call, GError **error)
{
    const CloseArgs *args = call->args;
    OpenFile *file = file_table_take(call->state, args->handle, error);

    if (!file)
        return FALSE;
    if (!args->discard || file->replacement)
        return file_table_close(call->state, file, args->discard, error);
    file_table_release(call->state, file);
    return set_error(error, "discard is for atomic files; the writes to handle '%" G_GINT64_FORMAT
                            "' cannot be undone",
                     args->handle);
}

static const Command guest_file_close = {
    .name = "guest-file-close",
    .rank = 9,
    .since = "0.15.0",
    .doc = "Close an open file, after writing its buffered bytes",
    .flags = COMMAND_FILES | COMMAND_BLOCKING | COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT,
    .args = &close_args,
    .run = close_run,
};

static void *file_init(const Services *services, GError **error)
{
    (void)services;
    (void)error;
    return file_table_new(g_get_monotonic_time);
}

static void file_free(void *state)
{
    file_table_free(state);
}

const Family family_file = {
    .name = "file",
    .commands = (const Command *const[]){ &guest_file_open, &guest_file_close, &guest_file_read,
                                          &guest_file_write, &guest_file_seek, &guest_file_flush,
                                          &guestd_file_stat, &guestd_file_sync, NULL },
    .init = file_init,
    .free = file_free,
};
