/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/exec/control.h"

#include <errno.h>
#include <signal.h>

#include "lib/errors.h"

gboolean exec_refuse(GError **error, const char *argument, gint64 value)
{
    return set_error(error, "value '%" G_GINT64_FORMAT "' is invalid for argument %s", value,
                     argument);
}

Process *exec_find_for(const Call *call, gint64 pid, GError **error)
{
    g_autofree char *unknown =
        g_strdup_printf("guest-exec has not started process %" G_GINT64_FORMAT
                        ", or its result was already returned", pid);

    return exec_find(call->state, pid, unknown, error);
}

/* ---- guestd-exec-kill */

typedef struct {
    bool has_signal;
    bool has_group;
    bool group;
    gint64 pid;
    Alternate signal;
} KillArgs;

static const int signal_numbers[] = { SIGHUP,  SIGINT,  SIGQUIT, SIGKILL, SIGUSR1,
                                      SIGUSR2, SIGTERM, SIGCONT, SIGSTOP };

static const Type signal_type = {
    .kind = TYPE_ALTERNATE,
    .name = "GuestdSignal",
    .size = sizeof(Alternate),
    .item = &type_int,
    .values = (const char *const[]){ "HUP", "INT", "QUIT", "KILL", "USR1", "USR2", "TERM", "CONT",
                                     "STOP", NULL },
};

static const Type kill_args = {
    .kind = TYPE_OBJECT,
    .size = sizeof(KillArgs),
    .fields = (const Field[]){
        { .name = "pid", .type = &type_int, .offset = offsetof(KillArgs, pid),
          .has_offset = FIELD_NO_HAS, .flags = FIELD_AUDITED, .doc = "process ID, from "
                                                                     "guest-exec" },
        { .name = "signal", .type = &signal_type, .offset = offsetof(KillArgs, signal),
          .has_offset = offsetof(KillArgs, has_signal), .flags = FIELD_OPTIONAL | FIELD_AUDITED,
          .doc = "number or name", .fallback = "TERM" },
        OPTIONAL(KillArgs, group, "group", &type_bool,
                 .doc = "signal the whole process group, not only the process", .fallback = "true"),
        FIELDS_END,
    },
};

static int signal_number(const KillArgs *args)
{
    if (!args->has_signal)
        return SIGTERM;
    if (args->signal.is_choice)
        return signal_numbers[args->signal.choice];
    return (int)CLAMP(args->signal.number, 0, NSIG);
}

static gboolean kill_run(Call *call, GError **error)
{
    const KillArgs *args = call->args;
    Process *process = exec_find_for(call, args->pid, error);
    int signum = signal_number(args);

    if (!process)
        return FALSE;
    if (signum < 1 || signum >= NSIG)
        return exec_refuse(error, "signal", args->signal.number);
    if (child_kill(process->child, signum, !args->has_group || args->group))
        return TRUE;
    if (errno == ESRCH)
        return set_error(error, "process %" G_GINT64_FORMAT " has exited", process->pid);
    return set_errno_error(error, errno, "failed to signal process %" G_GINT64_FORMAT,
                           process->pid);
}

const Command guestd_exec_kill = {
    .name = "guestd-exec-kill",
    .rank = 1032,
    .since = "guestd 0.1",
    .doc = "Send a signal to a program that guest-exec has started",
    .flags = COMMAND_EXEC | COMMAND_MUTATING | COMMAND_ROOT_EQUIVALENT,
    .args = &kill_args,
    .run = kill_run,
};

/* ---- guestd-exec-list */

typedef struct {
    gint64 pid;
    const char *path;
    gint64 age_ms;
    gint64 out_bytes;
    gint64 err_bytes;
    bool exited;
    bool input_open;
    gint64 started_us; /* not on the wire; milliseconds do not tell the order */
} ListedProcess;

static const Type listed_process = {
    .kind = TYPE_OBJECT,
    .name = "GuestdExecProcess",
    .size = sizeof(ListedProcess),
    .fields = (const Field[]){
        REQUIRED(ListedProcess, pid, "pid", &type_int, .doc = "process ID"),
        REQUIRED(ListedProcess, path, "path", &type_string, .doc = "the program, as passed to "
                                                                   "guest-exec"),
        REQUIRED(ListedProcess, age_ms, "age-ms", &type_int, .doc = "milliseconds since it was "
                                                                    "started"),
        REQUIRED(ListedProcess, exited, "exited", &type_bool,
                 .doc = "it has exited, and its result has not been returned yet"),
        REQUIRED(ListedProcess, out_bytes, "out-bytes", &type_int,
                 .doc = "bytes captured from standard output"),
        REQUIRED(ListedProcess, err_bytes, "err-bytes", &type_int, .doc = "bytes captured from "
                                                                          "standard error"),
        REQUIRED(ListedProcess, input_open, "input-open", &type_bool,
                 .doc = "guestd-exec-write can write to it"),
        FIELDS_END,
    },
};

static const Type process_list = { .kind = TYPE_LIST, .size = sizeof(List),
                                   .item = &listed_process };

static gint64 captured(const Process *process, ChildStream stream)
{
    const Capture *capture = child_capture(process->child, stream);
    gsize len = 0;

    if (capture)
        capture_data(capture, &len);
    return (gint64)len;
}

static int by_start(const void *a, const void *b)
{
    const ListedProcess *x = a, *y = b;

    return x->started_us != y->started_us ? (x->started_us > y->started_us ? 1 : -1)
                                          : (x->pid > y->pid) - (x->pid < y->pid);
}

static gboolean list_run(Call *call, GError **error)
{
    const Exec *exec = call->state;
    List *list = call->result;
    gint64 now = g_get_monotonic_time();
    GHashTableIter iter;
    gpointer value;

    (void)error;
    g_hash_table_iter_init(&iter, exec->by_pid);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Process *process = value;
        const Feed *feed = child_feed(process->child);
        ListedProcess *listed = list_append(list, call->arena, sizeof *listed);

        *listed = (ListedProcess){
            .pid = process->pid,
            .path = arena_strdup(call->arena, process->path),
            .age_ms = (now - process->started_us) / 1000,
            .out_bytes = captured(process, CHILD_OUT),
            .err_bytes = captured(process, CHILD_ERR),
            .exited = child_finished(process->child),
            .input_open = feed && feed_open(feed),
            .started_us = process->started_us,
        };
    }
    if (list->len)
        qsort(list->items, list->len, sizeof(ListedProcess), by_start);
    return TRUE;
}

const Command guestd_exec_list = {
    .name = "guestd-exec-list",
    .rank = 1033,
    .since = "guestd 0.1",
    .doc = "List the programs that guest-exec has started and whose results were not returned yet",
    .flags = COMMAND_EXEC,
    .returns = &process_list,
    .run = list_run,
};
