/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/life.h"
#include "lib/errors.h"

/* Longer than the window of any backup, so a longer timeout is a mistake. */
#define MAX_TIMEOUT_S (7 * 24 * 3600)

static const Type freeze_status = {
    .kind = TYPE_ENUM,
    .name = "GuestFsfreezeStatus",
    .size = sizeof(int),
    .values = (const char *const[]){ "thawed", "frozen", NULL },
};

static gboolean status_run(Call *call, GError **error)
{
    AgentFigures figures;

    (void)error;
    call->services->figures(call->services->agent, &figures);
    *(int *)call->result = figures.frozen;
    return TRUE;
}

static const Command guest_fsfreeze_status = {
    .name = "guest-fsfreeze-status",
    .rank = 14,
    .since = "0.15.0",
    .doc = "Return whether filesystems are frozen by this agent",
    .flags = COMMAND_READS | COMMAND_WHILE_FROZEN,
    .returns = &freeze_status,
    .run = status_run,
};

typedef struct {
    bool has_mountpoints;
    List mountpoints;
    bool has_timeout;
    gint64 timeout;
} FreezeArgs;

#define TIMEOUT_FIELD                                                                              \
    OPTIONAL(FreezeArgs, timeout, "timeout", &type_int,                                            \
             .doc = "seconds after which the agent thaws by itself, 0 for never",                  \
             .fallback = "freeze-timeout of the configuration", .since = "guestd 0.1")

static const Type freeze_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(FreezeArgs),
    .fields = (const Field[]){ TIMEOUT_FIELD, FIELDS_END },
};

static const Type freeze_list_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(FreezeArgs),
    .fields = (const Field[]){
        { .name = "mountpoints", .type = &type_string_list,
          .offset = offsetof(FreezeArgs, mountpoints),
          .has_offset = offsetof(FreezeArgs, has_mountpoints),
          .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "mount points of the filesystems to freeze", .fallback = "all" },
        TIMEOUT_FIELD,
        FIELDS_END,
    },
};

static gboolean freeze_run(Call *call, GError **error)
{
    const FreezeArgs *args = call->args;
    gint64 timeout_s =
        args->has_timeout ? args->timeout : call->services->settings->freeze_timeout_s;
    int n;

    if (timeout_s < 0 || timeout_s > MAX_TIMEOUT_S)
        return set_error(error, "value '%" G_GINT64_FORMAT "' is invalid for argument timeout",
                         timeout_s);
    n = freeze_begin(call->state, args->has_mountpoints ? &args->mountpoints : NULL, timeout_s,
                     error);
    *(gint64 *)call->result = n;
    return n >= 0;
}

static const Need freeze_needs[] = {
    { NEED_ROOT, "FIFREEZE", NULL },
    { NEED_FILE, "/proc/self/mountinfo", NULL },
    { NEED_FILE, "/sys/dev/block", "the order by devices" },
    NEEDS_END,
};

static const Command guest_fsfreeze_freeze = {
    .name = "guest-fsfreeze-freeze",
    .rank = 15,
    .since = "0.15.0",
    .doc = "Sync and freeze all filesystems; returns how many",
    .flags = COMMAND_QUIESCE | COMMAND_BLOCKING | COMMAND_MUTATING,
    .args = &freeze_args,
    .returns = &type_int,
    .needs = freeze_needs,
    .run = freeze_run,
};

static const Command guest_fsfreeze_freeze_list = {
    .name = "guest-fsfreeze-freeze-list",
    .rank = 16,
    .since = "2.2",
    .doc = "Sync and freeze the filesystems at given mount points; returns how many",
    .flags = COMMAND_QUIESCE | COMMAND_BLOCKING | COMMAND_MUTATING,
    .args = &freeze_list_args,
    .returns = &type_int,
    .needs = freeze_needs,
    .run = freeze_run,
};

static gboolean thaw_run(Call *call, GError **error)
{
    int n = freeze_end(call->state, THAW_BY_HOST, error);

    *(gint64 *)call->result = n;
    return n >= 0;
}

static const Command guest_fsfreeze_thaw = {
    .name = "guest-fsfreeze-thaw",
    .rank = 17,
    .since = "0.15.0",
    .doc = "Thaw what this agent froze, or without a freeze of its own all that is frozen; "
           "returns how many",
    .flags = COMMAND_QUIESCE | COMMAND_WHILE_FROZEN | COMMAND_BLOCKING | COMMAND_MUTATING,
    .returns = &type_int,
    .needs = freeze_needs,
    .run = thaw_run,
};

typedef struct {
    const char *mountpoint;
    const char *device;
    const char *type;
    int state;
    const char *reason;
    double sync_ms, freeze_ms, frozen_ms;
} ReportItem;

static const Type item_state = {
    .kind = TYPE_ENUM,
    .name = "GuestdFreezeState",
    .size = sizeof(int),
    .values = (const char *const[]){ "pending", "frozen", "foreign", "unsupported", "skipped",
                                     "failed", "late", "thawed", NULL },
};

static const Type report_item = {
    .kind = TYPE_OBJECT,
    .name = "GuestdFreezeFilesystem",
    .size = sizeof(ReportItem),
    .fields = (const Field[]){
        REQUIRED(ReportItem, mountpoint, "mountpoint", &type_string, .doc = "mount point"),
        REQUIRED(ReportItem, device, "device", &type_string, .doc = "device number, major:minor"),
        REQUIRED(ReportItem, type, "type", &type_string, .doc = "type of the filesystem"),
        REQUIRED(ReportItem, state, "state", &item_state, .doc = "its last state"),
        OPTIONAL_STRING(ReportItem, reason, "reason", .doc = "why it was skipped or failed"),
        REQUIRED(ReportItem, sync_ms, "sync-ms", &type_number,
                 .doc = "time of syncing before the freeze, all rounds, milliseconds"),
        REQUIRED(ReportItem, freeze_ms, "freeze-ms", &type_number,
                 .doc = "time until it was frozen, milliseconds"),
        REQUIRED(ReportItem, frozen_ms, "frozen-ms", &type_number,
                 .doc = "time for which it was frozen, milliseconds"),
        FIELDS_END,
    },
};

typedef struct {
    const char *path;
    const char *phase;
    double ms;
    bool ok;
} ReportHook;

static const Type report_hook = {
    .kind = TYPE_OBJECT,
    .name = "GuestdFreezeHook",
    .size = sizeof(ReportHook),
    .fields = (const Field[]){
        REQUIRED(ReportHook, path, "path", &type_string, .doc = "path of the program"),
        REQUIRED(ReportHook, phase, "phase", &type_string, .doc = "freeze or thaw"),
        REQUIRED(ReportHook, ms, "ms", &type_number, .doc = "run time, milliseconds"),
        REQUIRED(ReportHook, ok, "ok", &type_bool, .doc = "whether it succeeded"),
        FIELDS_END,
    },
};

typedef struct {
    const char *ended_by;
    gint64 sync_rounds;
    List filesystems;
    List hooks;
} Report;

static const Type report_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestdFreezeReport",
    .size = sizeof(Report),
    .fields = (const Field[]){
        REQUIRED(Report, ended_by, "ended-by", &type_string,
                 .doc = "host, timeout, failed or shutdown"),
        REQUIRED(Report, sync_rounds, "sync-rounds", &type_int,
                 .doc = "number of rounds of syncing before the freeze"),
        REQUIRED(Report, filesystems, "filesystems",
                 (&(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &report_item }),
                 .doc = "the filesystems of the freeze"),
        REQUIRED(Report, hooks, "hooks",
                 (&(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &report_hook }),
                 .doc = "the calls of hooks, in order"),
        FIELDS_END,
    },
};

static double to_ms(gint64 us)
{
    return (double)us / 1000;
}

static void report_items(const FreezeReport *from, Report *report, Arena *arena)
{
    for (gsize i = 0; i < from->items.len; i++) {
        const FreezeItem *item = list_at(&from->items, FreezeItem, i);
        ReportItem *row = list_append(&report->filesystems, arena, sizeof *row);

        *row = (ReportItem){
            .mountpoint = item->mount_point,
            .device = item->device,
            .type = item->type,
            .state = (int)item->state,
            .reason = item->errnum ? arena_strdup(arena, freeze_item_reason(item)) : NULL,
            .sync_ms = to_ms(item->sync_us),
            .freeze_ms = to_ms(item->freeze_us),
            .frozen_ms = item->thawed_at ? to_ms(item->thawed_at - item->frozen_at) : 0,
        };
    }
}

static gboolean report_run(Call *call, GError **error)
{
    Report *result = call->result;
    FreezeReport report;

    freeze_report(call->state, call->arena, &report);
    if (report.phase != PHASE_THAWED)
        return set_error(error, "a freeze or thaw is in progress; retry after it");
    if (!report.any)
        return set_error(error, "no freeze since the agent started");
    result->ended_by = thaw_reasons[report.ended_by];
    result->sync_rounds = report.sync_rounds;
    report_items(&report, result, call->arena);
    for (gsize i = 0; i < report.calls.len; i++) {
        const HookCall *from = list_at(&report.calls, HookCall, i);
        ReportHook *row = list_append(&result->hooks, call->arena, sizeof *row);

        *row = (ReportHook){ from->path, from->thaw ? "thaw" : "freeze", to_ms(from->took_us),
                             !from->failed };
    }
    return TRUE;
}

static const Command guestd_fsfreeze_report = {
    .name = "guestd-fsfreeze-report",
    .rank = 1010,
    .since = "guestd 0.1",
    .doc = "Return what the last freeze did, filesystem by filesystem",
    .flags = COMMAND_READS,
    .returns = &report_type,
    .run = report_run,
};

static void *fsfreeze_init(const Services *services, GError **error)
{
    return freeze_new(services, error);
}

static void fsfreeze_stop(void *state)
{
    freeze_end(state, THAW_AT_SHUTDOWN, NULL);
}

static void fsfreeze_free(void *state)
{
    freeze_free(state);
}

const Family family_fsfreeze = {
    .name = "fsfreeze",
    .commands = (const Command *const[]){ &guest_fsfreeze_status, &guest_fsfreeze_freeze,
                                          &guest_fsfreeze_freeze_list, &guest_fsfreeze_thaw,
                                          &guestd_fsfreeze_report, NULL },
    .events = (const Event *const[]){ &event_freeze_ended, NULL },
    .init = fsfreeze_init,
    .stop = fsfreeze_stop,
    .free = fsfreeze_free,
};
