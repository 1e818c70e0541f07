/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>

#include "agent/schema/command.h"
#include "commands/shared/deadline-call.h"
#include "commands/shared/mounts.h"

/* Opening a directory of a local filesystem takes microseconds. */
#define OPEN_LIMIT_US (2 * G_USEC_PER_SEC)
/*
 * Thin-provisioned storage takes minutes to discard terabytes, and a trim that is given up
 * continues in the kernel anyway. The limit is for disks that never respond.
 */
#define TRIM_LIMIT_US (10 * 60 * (gint64)G_USEC_PER_SEC)

typedef struct {
    bool has_minimum;
    gint64 minimum;
} TrimArgs;

static const Type trim_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(TrimArgs),
    .fields = (const Field[]){
        { .name = "minimum", .type = &type_int, .offset = offsetof(TrimArgs, minimum),
          .has_offset = offsetof(TrimArgs, has_minimum), .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "leave free ranges of fewer bytes alone", .fallback = "0" },
        FIELDS_END,
    },
};

typedef struct {
    bool has_minimum;
    bool has_trimmed;
    gint64 minimum;
    gint64 trimmed;
    const char *path;
    const char *error;
} TrimResult;

typedef struct {
    List paths; /* of TrimResult */
} TrimResponse;

static const Type trim_result = {
    .kind = TYPE_OBJECT,
    .name = "GuestFilesystemTrimResult",
    .size = sizeof(TrimResult),
    .fields = (const Field[]){
        OPTIONAL(TrimResult, minimum, "minimum", &type_int,
                 .doc = "length of the shortest range that was trimmed, in bytes"),
        REQUIRED(TrimResult, path, "path", &type_string, .doc = "mount point"),
        OPTIONAL(TrimResult, trimmed, "trimmed", &type_int, .doc = "number of bytes trimmed"),
        OPTIONAL_STRING(TrimResult, error, "error", .doc = "why nothing was trimmed"),
        FIELDS_END,
    },
};

static const Type trim_response = {
    .kind = TYPE_OBJECT,
    .name = "GuestFilesystemTrimResponse",
    .size = sizeof(TrimResponse),
    .fields = (const Field[]){
        REQUIRED(TrimResponse, paths,
                 "paths", &((const Type){ .kind = TYPE_LIST, .size = sizeof(List),
                                          .item = &trim_result }),
                 .doc = "one entry for each filesystem, the last mounted first"),
        FIELDS_END,
    },
};

/* A call that opens or trims a filesystem. */
typedef struct {
    PatientCall call;
    const SysOps *sysops;
    char *path;
    int fd; /* -1: none */
    struct fstrim_range range;
    int failed; /* errno */
} TrimCall;

static void open_run(PatientCall *call)
{
    TrimCall *self = (TrimCall *)call;

    self->fd = self->sysops->open_mount(self->path);
    self->failed = self->fd < 0 ? errno : 0;
}

static void trim_run(PatientCall *call)
{
    TrimCall *self = (TrimCall *)call;

    self->failed = self->sysops->trim(self->fd, &self->range) < 0 ? errno : 0;
}

static void trim_free(PatientCall *call)
{
    TrimCall *self = (TrimCall *)call;

    if (self->fd >= 0)
        self->sysops->close(self->fd);
    g_free(self->path);
    g_free(self);
}

static PatientCall *trim_call_new(const SysOps *sysops, const char *path, gint64 minimum)
{
    TrimCall *self = g_new0(TrimCall, 1);

    self->path = g_strdup(path);
    self->sysops = sysops;
    self->fd = -1;
    self->range = (struct fstrim_range){ .len = G_MAXUINT64, .minlen = (guint64)minimum };
    self->call = (PatientCall){ .what = self->path, .free = trim_free };
    return &self->call;
}

/* Makes one step of a trim. Returns FALSE, with the result's error set, if it takes too long. */
static gboolean step(Patience *patience, PatientCall **call, void (*run)(PatientCall *),
                     gint64 limit_us, const char *action, Arena *arena, TrimResult *result)
{
    (*call)->run = run;
    (*call)->limit_us = limit_us;
    (*call)->state = PATIENT_NOT_MADE;
    patience_run(patience, call, 1);
    if (*call && (*call)->state == PATIENT_DONE)
        return TRUE;
    if (*call) {
        result->error = arena_printf(arena, "failed to %s: an earlier attempt still hangs", action);
        trim_free(*call);
    } else {
        result->error = arena_printf(arena, "failed to %s: no response for %d seconds", action,
                                     (int)(limit_us / G_USEC_PER_SEC));
    }
    return FALSE;
}

static void trim_mount(Call *call, gint64 minimum, TrimResult *result)
{
    PatientCall *made = trim_call_new(call->services->sysops, result->path, minimum);
    TrimCall *trim = (TrimCall *)made;

    if (!step(call->state, &made, open_run, OPEN_LIMIT_US, "open", call->arena, result))
        return;
    if (trim->failed) {
        result->error = arena_printf(call->arena, "failed to open: %s", g_strerror(trim->failed));
        trim_free(made);
        return;
    }
    if (!step(call->state, &made, trim_run, TRIM_LIMIT_US, "trim", call->arena, result))
        return;
    if (trim->failed == ENOTTY || trim->failed == EOPNOTSUPP) {
        result->error = "trim not supported";
    } else if (trim->failed) {
        result->error = arena_printf(call->arena, "failed to trim: %s", g_strerror(trim->failed));
    } else {
        result->has_minimum = result->has_trimmed = true;
        result->minimum = (gint64)trim->range.minlen;
        result->trimmed = (gint64)trim->range.len;
    }
    trim_free(made);
}

static gboolean fstrim_run(Call *call, GError **error)
{
    const TrimArgs *args = call->args;
    TrimResponse *response = call->result;
    List mounts = { NULL };

    if (!mounts_read(call->services->sysroot, &mounts, call->arena, error))
        return FALSE;
    for (gsize i = mounts.len; i-- > 0;) {
        TrimResult *result = list_append(&response->paths, call->arena, sizeof *result);

        result->path = list_at(&mounts, Mount, i)->mount_point;
        trim_mount(call, args->minimum, result);
    }
    return TRUE;
}

static const Need fstrim_needs[] = {
    { NEED_FILE, "/proc/self/mountinfo", NULL },
    { NEED_ROOT, "trimming", NULL },
    NEEDS_END,
};

static const Command guest_fstrim = {
    .name = "guest-fstrim",
    .rank = 18,
    .since = "1.2",
    .doc = "Discard the free blocks of all mounted filesystems, so that the host can reuse them",
    .flags = COMMAND_QUIESCE | COMMAND_BLOCKING | COMMAND_MUTATING,
    .args = &trim_args,
    .returns = &trim_response,
    .needs = fstrim_needs,
    .run = fstrim_run,
};

static void *fstrim_init(const Services *services, GError **error)
{
    (void)services;
    (void)error;
    return patience_new();
}

static void fstrim_free(void *state)
{
    patience_free(state);
}

const Family family_fstrim = {
    .name = "fstrim",
    .commands = (const Command *const[]){ &guest_fstrim, NULL },
    .init = fstrim_init,
    .free = fstrim_free,
};
