/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/unit/kit/gated-commands.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/errors.h"

void gate_init(Gate *gate)
{
    g_assert_cmpint(pipe2(gate->pipe, O_CLOEXEC), ==, 0);
}

void gate_clear(Gate *gate)
{
    close(gate->pipe[0]);
    close(gate->pipe[1]);
}

void gate_release(Gate *gate, guint n)
{
    while (n-- > 0)
        g_assert_cmpint(write(gate->pipe[1], "", 1), ==, 1);
}

guint gate_waiting(Gate *gate)
{
    return (guint)g_atomic_int_get(&gate->waiting);
}

guint gate_released(Gate *gate)
{
    return (guint)g_atomic_int_get(&gate->released);
}

typedef struct {
    gint64 value;
    const char *text;
    bool fail;
} Args;

static const Type value_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(Args),
    .fields = (const Field[]){
        REQUIRED(Args, value, "value", &type_int, .flags = FIELD_AUDITED),
        FIELDS_END,
    },
};

static const Type text_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(Args),
    .fields = (const Field[]){ REQUIRED(Args, text, "text", &type_string), FIELDS_END },
};

static const Type fail_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(Args),
    .fields = (const Field[]){ REQUIRED(Args, fail, "fail", &type_bool), FIELDS_END },
};

static gboolean echo_run(Call *call, GError **error)
{
    Gate *gate = call->services->agent;

    (void)error;
    gate->echoed++;
    *(gint64 *)call->result = ((const Args *)call->args)->value;
    return TRUE;
}

static gboolean wait_run(Call *call, GError **error)
{
    Gate *gate = call->services->agent;
    char byte;

    g_atomic_int_inc(&gate->waiting);
    /* Not g_main_context_invoke(), which does it here while the main thread is about to sleep. */
    g_main_context_wakeup(NULL);
    if (read(gate->pipe[0], &byte, 1) != 1)
        return set_error(error, "the gate is gone");
    g_atomic_int_add(&gate->waiting, -1);
    g_atomic_int_inc(&gate->released);
    *(gint64 *)call->result = ((const Args *)call->args)->value;
    return TRUE;
}

static gboolean sync_run(Call *call, GError **error)
{
    (void)error;
    *(gint64 *)call->result = ((const Args *)call->args)->value;
    return TRUE;
}

static gboolean length_run(Call *call, GError **error)
{
    (void)error;
    *(gint64 *)call->result = (gint64)strlen(((const Args *)call->args)->text);
    return TRUE;
}

static gboolean spaces_run(Call *call, GError **error)
{
    Gate *gate = call->services->agent;
    gsize len = (gsize)((const Args *)call->args)->value;
    char *text = arena_alloc(call->arena, len + 1);

    (void)error;
    gate->spaced++;
    *(const char **)call->result = memset(text, ' ', len);
    return TRUE;
}

static gboolean fail_run(Call *call, GError **error)
{
    (void)call;
    return set_error(error, "it failed");
}

static gboolean fail_silently_run(Call *call, GError **error)
{
    (void)call;
    (void)error;
    return FALSE;
}

static gboolean quiet_run(Call *call, GError **error)
{
    return !((const Args *)call->args)->fail || set_error(error, "not quiet");
}

static void give_up(Call *call)
{
    Gate *gate = call->services->agent;

    gate->abandoned++;
    call->services->complete(call, NULL);
}

static gboolean later_run(Call *call, GError **error)
{
    Gate *gate = call->services->agent;

    (void)error;
    call->deferred = TRUE;
    call->abandon = ((const Args *)call->args)->value < 0 ? give_up : NULL;
    gate->later = call;
    return TRUE;
}

static const Command echo_command = {
    .name = "echo", .rank = 1, .args = &value_args, .returns = &type_int, .run = echo_run,
};
static const Command wait_command = {
    .name = "wait", .rank = 2, .flags = COMMAND_BLOCKING | COMMAND_MUTATING,
    .args = &value_args, .returns = &type_int, .run = wait_run,
};
static const Command sync_command = {
    .name = "sync", .rank = 3, .flags = COMMAND_BARRIER | COMMAND_WHILE_FROZEN,
    .args = &value_args, .returns = &type_int, .run = sync_run,
};
static const Command sync_delimited = {
    .name = "sync-delimited", .rank = 4,
    .flags = COMMAND_BARRIER | COMMAND_WHILE_FROZEN | COMMAND_DELIMITED,
    .args = &value_args, .returns = &type_int, .run = sync_run,
};
static const Command length_command = {
    .name = "length", .rank = 5, .args = &text_args, .returns = &type_int, .run = length_run,
};
static const Command spaces_command = {
    .name = "spaces", .rank = 6, .args = &value_args, .returns = &type_string, .run = spaces_run,
};
static const Command fail_command = { .name = "fail", .rank = 7, .run = fail_run };
static const Command fail_silently = {
    .name = "fail-silently", .rank = 8, .run = fail_silently_run,
};
static const Command quiet_command = {
    .name = "quiet", .rank = 9, .flags = COMMAND_NO_SUCCESS_REPLY | COMMAND_MUTATING,
    .args = &fail_args, .run = quiet_run,
};

static const Command later_command = {
    .name = "later", .rank = 10, .flags = COMMAND_MUTATING,
    .args = &value_args, .returns = &type_int, .run = later_run,
};

static const Family gated = {
    .name = "gated",
    .commands = (const Command *const[]){ &echo_command, &wait_command, &sync_command,
                                          &sync_delimited, &length_command, &spaces_command,
                                          &fail_command, &fail_silently, &quiet_command,
                                          &later_command, NULL },
};

const Family *const gated_families[] = { &gated, NULL };
