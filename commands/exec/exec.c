/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <signal.h>
#include <sys/wait.h>

#include "commands/exec/allow.h"
#include "commands/exec/control.h"
#include "commands/exec/private.h"
#include "lib/errors.h"

#define MAX_TIMEOUT_S (7 * 24 * 60 * 60)

static const Type capture_output = {
    .kind = TYPE_ALTERNATE,
    .name = "GuestExecCaptureOutput",
    .size = sizeof(Alternate),
    .item = &type_bool,
    .values = (const char *const[]){ [CAPTURE_NONE] = "none", [CAPTURE_STDOUT] = "stdout",
                                     [CAPTURE_STDERR] = "stderr",
                                     [CAPTURE_SEPARATED] = "separated",
                                     [CAPTURE_MERGED] = "merged", NULL },
};

static const Type exec_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(ExecArgs),
    .fields = (const Field[]){
        REQUIRED(ExecArgs, path, "path", &type_string, .flags = FIELD_AUDITED,
                 .doc = "program; without a slash it is searched in PATH",
                 .rules = RULE_BIT(RULE_PROGRAMS)),
        { .name = "arg", .type = &type_string_list, .offset = offsetof(ExecArgs, arg),
          .has_offset = offsetof(ExecArgs, has_arg), .flags = FIELD_OPTIONAL | FIELD_SECRET,
          .doc = "its arguments" },
        { .name = "env", .type = &type_string_list, .offset = offsetof(ExecArgs, env),
          .has_offset = offsetof(ExecArgs, has_env), .flags = FIELD_OPTIONAL | FIELD_SECRET,
          .doc = "its whole environment, as NAME=value", .fallback = "the agent's",
          .rules = RULE_BIT(RULE_PROGRAMS) },
        { .name = "input-data", .type = &type_base64, .offset = offsetof(ExecArgs, input_data),
          .has_offset = offsetof(ExecArgs, has_input_data),
          .flags = FIELD_OPTIONAL | FIELD_SECRET, .doc = "its standard input",
          .fallback = "/dev/null" },
        OPTIONAL(ExecArgs, capture_output, "capture-output", &capture_output,
                 .doc = "output to capture for guest-exec-status; true: separated",
                 .fallback = "none"),
        { .name = "timeout", .type = &type_int, .offset = offsetof(ExecArgs, timeout),
          .has_offset = offsetof(ExecArgs, has_timeout), .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "seconds after which its process group is killed; 0: never", .fallback = "0",
          .since = "guestd 0.1" },
        { .name = "cwd", .type = &type_string, .offset = offsetof(ExecArgs, cwd),
          .has_offset = FIELD_NO_HAS, .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "its working "
                 "directory", .fallback = "the agent's", .rules = RULE_BIT(RULE_PROGRAMS),
          .since = "guestd 0.1" },
        { .name = "user", .type = &type_string, .offset = offsetof(ExecArgs, user),
          .has_offset = FIELD_NO_HAS, .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "user to run as, with all groups; without env, HOME, USER, LOGNAME and SHELL are "
                 "set for this user",
          .fallback = "the agent's", .rules = RULE_BIT(RULE_PROGRAM_USERS),
          .since = "guestd 0.1" },
        OPTIONAL(ExecArgs, wait, "wait", &type_int,
                 .doc = "milliseconds to wait for its exit; then the reply also has the members of "
                        "guest-exec-status",
                 .fallback = "no wait", .since = "guestd 0.1"),
        OPTIONAL(ExecArgs, input_open, "input-open", &type_bool,
                 .doc = "keep standard input open after input-data, for guestd-exec-write",
                 .fallback = "false", .since = "guestd 0.1"),
        FIELDS_END,
    },
};

/* @later: the release since which these members exist, if later than the command's. */
#define STATUS_FIELDS_BEFORE(later)                                                                \
    OPTIONAL(ExecResult, exitcode, "exitcode", &type_int,                                          \
             .doc = "exit status, if it exited normally", .since = later),                         \
    { .name = "err-data", .type = &type_base64, .offset = offsetof(ExecResult, err_data),          \
      .has_offset = offsetof(ExecResult, has_err_data), .flags = FIELD_OPTIONAL | FIELD_SECRET,    \
      .doc = "captured standard error, if any", .since = later },                                  \
    { .name = "out-data", .type = &type_base64, .offset = offsetof(ExecResult, out_data),          \
      .has_offset = offsetof(ExecResult, has_out_data), .flags = FIELD_OPTIONAL | FIELD_SECRET,    \
      .doc = "captured standard output, if any", .since = later },                                 \
    OPTIONAL(ExecResult, err_truncated, "err-truncated", &type_bool,                               \
             .doc = "whether err-data is incomplete", .since = later),                             \
    OPTIONAL(ExecResult, signal, "signal", &type_int,                                              \
             .doc = "number of the signal that killed it", .since = later),                        \
    OPTIONAL(ExecResult, out_truncated, "out-truncated", &type_bool,                               \
             .doc = "whether out-data is incomplete", .since = later)

#define STATUS_FIELDS_BEHIND                                                                       \
    OPTIONAL(ExecResult, timed_out, "timed-out", &type_bool,                                       \
             .doc = "whether it was killed because of its timeout", .since = "guestd 0.1")

static const Type exec_result = {
    .kind = TYPE_OBJECT,
    .name = "GuestExec",
    .size = sizeof(ExecResult),
    .fields = (const Field[]){
        REQUIRED(ExecResult, pid, "pid", &type_int, .doc = "process ID"),
        STATUS_FIELDS_BEFORE("guestd 0.1"),
        OPTIONAL(ExecResult, exited, "exited", &type_bool,
                 .doc = "with wait: whether it has exited; then its result is in this reply, and "
                        "is forgotten",
                 .since = "guestd 0.1"),
        STATUS_FIELDS_BEHIND,
        FIELDS_END,
    },
};

static const Type status_result = {
    .kind = TYPE_OBJECT,
    .name = "GuestExecStatus",
    .size = sizeof(ExecResult),
    .fields = (const Field[]){
        STATUS_FIELDS_BEFORE(NULL),
        REQUIRED(ExecResult, exited, "exited", &type_bool, .doc = "whether it has exited"),
        STATUS_FIELDS_BEHIND,
        FIELDS_END,
    },
};

typedef struct {
    bool has_output;
    bool output;
    gint64 pid;
} StatusArgs;

static const Type status_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(StatusArgs),
    .fields = (const Field[]){
        REQUIRED(StatusArgs, pid, "pid", &type_int, .doc = "process ID, from guest-exec"),
        OPTIONAL(StatusArgs, output, "output", &type_bool,
                 .doc = "include the output; a host may have read it with guestd-exec-read",
                 .fallback = "true", .since = "guestd 0.1"),
        FIELDS_END,
    },
};

/* Moves the bytes to the request without copying them. */
static void tell_stream(Process *process, ChildStream stream, Arena *arena, Bytes *data,
                        bool *has_data, bool *truncated, bool *has_truncated)
{
    Capture *capture = child_capture(process->child, stream);

    if (!capture)
        return;
    *truncated = capture_truncated(capture);
    data->data = capture_take(capture, &data->len);
    if (data->data)
        arena_adopt(arena, data->data);
    *has_data = data->len > 0;
    *has_truncated = *has_data || *truncated;
}

void exec_tell(Process *process, Call *call, ExecResult *result)
{
    int status = child_status(process->child);

    result->has_exited = true;
    result->exited = child_finished(process->child);
    if (!result->exited)
        return;
    result->has_exitcode = WIFEXITED(status);
    result->has_signal = WIFSIGNALED(status);
    result->exitcode = WEXITSTATUS(status);
    result->signal = WTERMSIG(status);
    result->has_timed_out = result->timed_out = child_timed_out(process->child);
    tell_stream(process, CHILD_OUT, call->arena, &result->out_data, &result->has_out_data,
                &result->out_truncated, &result->has_out_truncated);
    tell_stream(process, CHILD_ERR, call->arena, &result->err_data, &result->has_err_data,
                &result->err_truncated, &result->has_err_truncated);
    process_collect(process);
}

static gboolean exec_run(Call *call, GError **error)
{
    const ExecArgs *args = call->args;

    if (args->timeout < 0 || args->timeout > MAX_TIMEOUT_S)
        return exec_refuse(error, "timeout", args->timeout);
    if (args->wait < 0 || args->wait > EXEC_MAX_WAIT_MS)
        return exec_refuse(error, "wait", args->wait);
    if (!exec_rule_check(call->services->settings, args, error))
        return FALSE;
    return exec_make_room(call->state, error) && exec_launch(call->state, call, error);
}

static gboolean status_run(Call *call, GError **error)
{
    const StatusArgs *args = call->args;
    ExecResult *result = call->result;
    /* qemu-ga's text, typing error included. */
    Process *process = exec_find(call->state, args->pid, "PID ld does not exist", error);

    if (!process)
        return FALSE;
    exec_tell(process, call, result);
    if (args->has_output && !args->output)
        result->has_out_data = result->has_err_data = false;
    return TRUE;
}

static const Need exec_needs[] = {
    { NEED_ROOT, "running programs as another user", "the argument user" },
    NEEDS_END,
};

static const Command guest_exec = {
    .name = "guest-exec",
    .rank = 32,
    .since = "2.5",
    .doc = "Start a program",
    .flags = COMMAND_EXEC | COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT,
    .args = &exec_args,
    .returns = &exec_result,
    .needs = exec_needs,
    .run = exec_run,
};

static const Command guest_exec_status = {
    .name = "guest-exec-status",
    .rank = 31,
    .since = "2.5",
    .doc = "Return the result of a program that guest-exec has started, and forget it",
    .flags = COMMAND_EXEC,
    .args = &status_args,
    .returns = &status_result,
    .run = status_run,
};

static void *exec_init(const Services *services, GError **error)
{
    (void)error;
    /*
     * The agent's parent may have left SIGCHLD ignored; then the kernel would keep no exit
     * status.
     */
    signal(SIGCHLD, SIG_DFL);
    return exec_new(&exec_limits, services);
}

/* A program's file may be on a dead server; its thread may return at any later moment. */
static gboolean exec_busy(const void *state)
{
    const Exec *exec = state;

    return exec->launching > 0;
}

static void exec_end(void *state)
{
    exec_free(state);
}

const Family family_exec = {
    .name = "exec",
    .commands = (const Command *const[]){ &guest_exec_status, &guest_exec, &guestd_exec_read,
                                          &guestd_exec_write, &guestd_exec_kill,
                                          &guestd_exec_list, NULL },
    .events = (const Event *const[]){ &event_exec_finished, NULL },
    .init = exec_init,
    .busy = exec_busy,
    .free = exec_end,
};
