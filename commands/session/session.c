/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "agent/base/clock.h"
#include "agent/schema/command.h"
#include "agent/schema/rules.h"

/* Synchronisation of host and agent, and information about the agent. */

typedef struct {
    gint64 id;
} SyncArgs;

static const Type sync_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(SyncArgs),
    .fields = (const Field[]){
        REQUIRED(SyncArgs, id, "id", &type_int, .doc = "any number, returned in the reply"),
        FIELDS_END,
    },
};

static gboolean sync_run(Call *call, GError **error)
{
    const SyncArgs *args = call->args;

    (void)error;
    *(gint64 *)call->result = args->id;
    return TRUE;
}

static const Command guest_sync_delimited = {
    .name = "guest-sync-delimited",
    .rank = 1,
    .since = "1.1",
    .doc = "Return a number after a 0xFF byte and drop all earlier replies",
    .flags = COMMAND_SESSION | COMMAND_WHILE_FROZEN | COMMAND_BARRIER | COMMAND_DELIMITED,
    .args = &sync_args,
    .returns = &type_int,
    .run = sync_run,
};

static const Command guest_sync = {
    .name = "guest-sync",
    .rank = 2,
    .since = "0.15.0",
    .doc = "Return a number and drop all earlier replies",
    .flags = COMMAND_SESSION | COMMAND_WHILE_FROZEN | COMMAND_BARRIER,
    .args = &sync_args,
    .returns = &type_int,
    .run = sync_run,
};

static gboolean ping_run(Call *call, GError **error)
{
    (void)call;
    (void)error;
    return TRUE;
}

static const Command guest_ping = {
    .name = "guest-ping",
    .rank = 3,
    .since = "0.15.0",
    .doc = "Do nothing but reply",
    .flags = COMMAND_SESSION | COMMAND_WHILE_FROZEN,
    .run = ping_run,
};

typedef struct {
    bool enabled;
    const char *name;
    bool success_response;
} CommandInfo;

typedef struct {
    const char *version;
    List supported_commands;
} Info;

static const Type command_info = {
    .kind = TYPE_OBJECT,
    .name = "GuestAgentCommandInfo",
    .size = sizeof(CommandInfo),
    .fields = (const Field[]){
        REQUIRED(CommandInfo, enabled, "enabled", &type_bool, .doc = "whether it is served now"),
        REQUIRED(CommandInfo, name, "name", &type_string, .doc = "name of the command"),
        REQUIRED(CommandInfo, success_response, "success-response", &type_bool,
                 .doc = "whether success has a reply"),
        FIELDS_END,
    },
};

static const Type info = {
    .kind = TYPE_OBJECT,
    .name = "GuestAgentInfo",
    .size = sizeof(Info),
    .fields = (const Field[]){
        REQUIRED(Info, version, "version", &type_string, .doc = "QEMU version of the protocol"),
        REQUIRED(Info, supported_commands, "supported_commands",
                 (&(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &command_info }),
                 .doc = "all commands of this agent"),
        FIELDS_END,
    },
};

static gboolean info_run(Call *call, GError **error)
{
    Info *result = call->result;
    CommandState state;
    gsize n = 0;

    (void)error;
    result->version = QEMU_LEVEL;
    while (call->services->command_state(call->services->agent, n, &state))
        n++;
    /* In reverse order, as qemu-ga lists them. */
    while (n-- > 0) {
        CommandInfo *row =
            list_append(&result->supported_commands, call->arena, sizeof(CommandInfo));

        call->services->command_state(call->services->agent, n, &state);
        row->enabled = state.enabled;
        row->name = state.command->name;
        row->success_response = !(state.command->flags & COMMAND_NO_SUCCESS_REPLY);
    }
    return TRUE;
}

static const Command guest_info = {
    .name = "guest-info",
    .rank = 6,
    .since = "0.15.0",
    .doc = "Return the protocol version and the commands of this agent",
    .flags = COMMAND_SESSION | COMMAND_WHILE_FROZEN,
    .returns = &info,
    .run = info_run,
};

typedef struct {
    const char *version;
    const char *protocol;
    gint64 started;
    const char *channel;
    bool has_connections;
    guint64 connections;
    guint64 requests;
    guint64 errors;
    guint64 dropped_replies;
    guint64 running;
    bool frozen;
    bool has_thaw_in;
    double thaw_in;
    List events; /* of const char * */
    guint64 lost_events;
    const char *profile;
    List rules; /* of RuleTold */
} GuestdInfo;

typedef struct {
    const char *key;
    List values; /* of const char * */
} RuleTold;

static const Type rule_told = {
    .kind = TYPE_OBJECT,
    .name = "GuestdRule",
    .size = sizeof(RuleTold),
    .fields = (const Field[]){
        REQUIRED(RuleTold, key, "key", &type_string, .doc = "key of the configuration"),
        REQUIRED(RuleTold, values, "values", &type_string_list, .doc = "all values that it "
                                                                       "permits"),
        FIELDS_END,
    },
};

static const Type guestd_info_type = {
    .kind = TYPE_OBJECT,
    .name = "GuestdInfo",
    .size = sizeof(GuestdInfo),
    .fields = (const Field[]){
        REQUIRED(GuestdInfo, version, "version", &type_string, .doc = "version of guestd"),
        REQUIRED(GuestdInfo, protocol, "protocol", &type_string,
                 .doc = "QEMU version of the protocol"),
        REQUIRED(GuestdInfo, started, "started", &type_int,
                 .doc = "when the agent started, seconds since the epoch"),
        REQUIRED(GuestdInfo, channel, "channel", &type_string,
                 .doc = "method of the channel, as in the option of that name"),
        REQUIRED(GuestdInfo, connections, "connections", &type_uint64,
                 .doc = "hosts that are connected now"),
        REQUIRED(GuestdInfo, requests, "requests", &type_uint64,
                 .doc = "requests received since the start"),
        REQUIRED(GuestdInfo, errors, "errors", &type_uint64,
                 .doc = "requests answered with an error"),
        REQUIRED(GuestdInfo, dropped_replies, "dropped-replies", &type_uint64,
                 .doc = "replies dropped because of a later guest-sync, or because the host "
                        "disconnected"),
        REQUIRED(GuestdInfo, running, "running", &type_uint64,
                 .doc = "commands that run on workers"),
        REQUIRED(GuestdInfo, frozen, "frozen", &type_bool,
                 .doc = "whether filesystems are frozen by this agent"),
        OPTIONAL(GuestdInfo, thaw_in, "thaw-in", &type_number,
                 .doc = "seconds until the agent thaws them by itself"),
        REQUIRED(GuestdInfo, events, "events", &type_string_list,
                 .doc = "the events that guestd-subscribe accepts"),
        REQUIRED(GuestdInfo, lost_events, "lost-events", &type_uint64,
                 .doc = "events dropped because a subscribed host did not read them"),
        REQUIRED(GuestdInfo, profile, "profile", &type_string,
                 .doc = "profile of served commands, as in the option of that name"),
        REQUIRED(GuestdInfo, rules, "rules",
                 (&(const Type){ .kind = TYPE_LIST, .size = sizeof(List), .item = &rule_told }),
                 .doc = "restrictions on arguments of commands in that profile"),
        FIELDS_END,
    },
};

/* Seconds until @deadline_us, boot_time_us() in microseconds. */
static double seconds_until(gint64 deadline_us)
{
    return (double)(deadline_us - boot_time_us()) / G_USEC_PER_SEC;
}

static void list_events(Call *call, List *events)
{
    const Event *event;

    for (gsize i = 0; (event = call->services->event_at(call->services->agent, i)); i++)
        *(const char **)list_append(events, call->arena, sizeof(const char *)) = event->name;
}

/* Leaves out the rules of commands that are not served, which would reveal names to the host. */
static void list_rules(Call *call, guint classes, List *told)
{
    const Settings *settings = call->services->settings;

    for (int i = 0; i < N_RULES; i++) {
        const GPtrArray *list = settings->rules[i];
        RuleTold *row;

        if (!list || !(rule_table[i].class & classes))
            continue;
        row = list_append(told, call->arena, sizeof(RuleTold));
        row->key = rule_table[i].key;
        for (guint j = 0; j < list->len; j++)
            *(const char **)list_append(&row->values, call->arena, sizeof(const char *)) =
                list->pdata[j];
    }
}

static gboolean guestd_info_run(Call *call, GError **error)
{
    GuestdInfo *result = call->result;
    AgentFigures figures;

    (void)error;
    call->services->figures(call->services->agent, &figures);
    result->version = PACKAGE_VERSION;
    result->protocol = QEMU_LEVEL;
    result->started = figures.started;
    result->channel = figures.channel_method;
    result->connections = figures.connections;
    result->requests = figures.requests;
    result->errors = figures.errors;
    result->dropped_replies = figures.voided;
    result->running = figures.running;
    result->frozen = figures.frozen;
    result->has_thaw_in = figures.frozen && figures.thaw_deadline_us;
    result->thaw_in = seconds_until(figures.thaw_deadline_us);
    list_events(call, &result->events);
    result->lost_events = figures.lost_events;
    result->profile = figures.profile;
    list_rules(call, figures.classes, &result->rules);
    return TRUE;
}

static const Command guestd_info = {
    .name = "guestd-info",
    .rank = 1000,
    .since = "guestd 0.1",
    .doc = "Return information about this agent and its state",
    .flags = COMMAND_SESSION | COMMAND_WHILE_FROZEN,
    .returns = &guestd_info_type,
    .run = guestd_info_run,
};

const Family family_session = {
    .name = "session",
    .commands = (const Command *const[]){ &guest_sync_delimited, &guest_sync, &guest_ping,
                                          &guest_info, &guestd_info, NULL },
};
