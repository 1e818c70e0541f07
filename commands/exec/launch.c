/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/child-user.h"
#include "commands/exec/allow.h"
#include "lib/errors.h"
#include "lib/json/base64.h"

/* Idle threads that are kept for the next launch. */
#define IDLE_THREADS 1

/*
 * A process being started: created on the main thread, then owned by a worker, which may wait
 * for the program's file without limit, then by the main thread again.
 */
typedef struct {
    Exec *exec;
    Call *call; /* deferred; the worker uses its arguments and its arena meanwhile */
    ChildPlan plan;
    int theirs[3]; /* the process's ends of its pipes */
    char *input;
    gsize input_len;
    GError *error;
    gboolean abandoned; /* of the main thread */
} Launch;

static int capture_mode(const ExecArgs *args)
{
    if (!args->has_capture_output)
        return CAPTURE_NONE;
    if (args->capture_output.is_choice)
        return args->capture_output.choice;
    return args->capture_output.number ? CAPTURE_SEPARATED : CAPTURE_NONE;
}

/*
 * Copies the bytes out of the request, which is freed with the reply while the process may take
 * long to read its input.
 */
static gboolean take_input(Launch *launch)
{
    const ExecArgs *args = launch->call->args;
    Bytes input = args->input_data;

    if (!bytes_decode(&input, &launch->error))
        return FALSE;
    launch->input = g_memdup2(input.data, input.len);
    launch->input_len = input.len;
    explicit_bzero(input.data, input.len);
    return TRUE;
}

static gboolean make_pipe(Launch *launch, int *read_end, int *write_end)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return set_errno_error(&launch->error, errno, "failed to create a pipe");
    *read_end = ends[0];
    *write_end = ends[1];
    return TRUE;
}

static gboolean make_pipes(Launch *launch)
{
    const ExecArgs *args = launch->call->args;
    int mode = capture_mode(args);
    gboolean out = mode == CAPTURE_STDOUT || mode == CAPTURE_SEPARATED || mode == CAPTURE_MERGED;
    gboolean err = mode == CAPTURE_STDERR || mode == CAPTURE_SEPARATED;

    if ((args->has_input_data || args->input_open) &&
        !make_pipe(launch, &launch->theirs[0], &launch->plan.in))
        return FALSE;
    if (out && !make_pipe(launch, &launch->plan.out[CHILD_OUT], &launch->theirs[1]))
        return FALSE;
    if (err && !make_pipe(launch, &launch->plan.out[CHILD_ERR], &launch->theirs[2]))
        return FALSE;
    return TRUE;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* @strings as a NULL-terminated vector, with @first before them unless that is NULL. */
static const char **make_vector(Arena *arena, const char *first, const List *strings)
{
    gsize lead = first ? 1 : 0;
    const char **vector = arena_alloc(arena, (strings->len + lead + 1) * sizeof *vector);

    vector[0] = first;
    if (strings->len)
        memcpy(vector + lead, strings->items, strings->len * sizeof *vector);
    return vector;
}

/* The variables that login(1) sets. */
static char **user_environment(const ChildUser *user)
{
    char **environment = g_get_environ();

    environment = g_environ_setenv(environment, "HOME", user->home, TRUE);
    environment = g_environ_setenv(environment, "USER", user->name, TRUE);
    environment = g_environ_setenv(environment, "LOGNAME", user->name, TRUE);
    return g_environ_setenv(environment, "SHELL", user->shell, TRUE);
}

static gboolean start(Launch *launch)
{
    const ExecArgs *args = launch->call->args;
    Arena *arena = launch->call->arena;
    const GPtrArray *allowed = launch->call->services->settings->rules[RULE_PROGRAMS];
    g_autofree char *program = NULL;
    g_autoptr(ChildUser) user = NULL;
    g_auto(GStrv) environment = NULL;
    ChildSpec spec = {
        .argv = make_vector(arena, args->path, &args->arg),
        .envp = args->has_env ? make_vector(arena, NULL, &args->env) : NULL,
        .cwd = args->cwd,
        .fds = { launch->theirs[0], launch->theirs[1],
                 capture_mode(args) == CAPTURE_MERGED ? launch->theirs[1] : launch->theirs[2] },
    };

    if (allowed && !(program = exec_rule_find(allowed, args->path, &launch->error)))
        return FALSE;
    spec.program = program;
    if (args->user && !(user = child_user_find(args->user, &launch->error)))
        return FALSE;
    if (user && !args->has_env)
        spec.envp = (const char *const *)(gpointer)(environment = user_environment(user));
    spec.user = user;
    launch->plan.watch_fd = child_start(&spec, &launch->plan.pid, &launch->error);
    return launch->plan.watch_fd >= 0;
}

static gboolean finish(gpointer data);

static void on_thread(gpointer data, gpointer context)
{
    Launch *launch = data;
    const ExecArgs *args = launch->call->args;
    GSource *done;

    if ((!args->has_input_data || take_input(launch)) && make_pipes(launch))
        start(launch);
    for (int i = 0; i < 3; i++)
        close_end(&launch->theirs[i]);
    /*
     * Not g_main_context_invoke(): after the loop has ended, it would run finish() on this
     * thread.
     */
    done = g_idle_source_new();
    g_source_set_priority(done, G_PRIORITY_DEFAULT);
    g_source_set_callback(done, finish, launch, NULL);
    g_source_attach(done, context);
    g_source_unref(done);
}

static void on_abandoned(Call *call)
{
    ((Launch *)call->waiting)->abandoned = TRUE;
}

static void free_launch(Launch *launch)
{
    close_end(&launch->plan.in);
    for (int i = 0; i < CHILD_STREAMS; i++)
        close_end(&launch->plan.out[i]);
    if (launch->input)
        explicit_bzero(launch->input, launch->input_len);
    g_free(launch->input);
    g_free(launch);
}

/* The process has been started; it takes over the pipes and the input. */
static Process *make_process(Launch *launch)
{
    const ExecArgs *args = launch->call->args;
    Process *process;
    Feed *feed;

    launch->plan.timeout_s = (guint)args->timeout;
    process = process_new(launch->exec, &launch->plan, args->path);
    launch->plan.in = launch->plan.out[CHILD_OUT] = launch->plan.out[CHILD_ERR] = -1;
    feed = child_feed(process->child);
    if (feed && launch->input_len)
        feed_push(feed, g_steal_pointer(&launch->input), launch->input_len);
    if (feed && !args->input_open)
        feed_close(feed);
    return process;
}

static gboolean is_over(const Waiter *waiter)
{
    return child_finished(waiter->process->child);
}

static gboolean answer_with_status(Call *call, Process *process, GError **error)
{
    (void)error;
    /*
     * Another connection may have collected the result meanwhile; then the reply has only the
     * pid.
     */
    if (!process->collected)
        exec_tell(process, call, call->result);
    return TRUE;
}

/* Back on the main thread. */
static gboolean finish(gpointer data)
{
    Launch *launch = data;
    Call *call = launch->call;
    const ExecArgs *args = call->args;
    ExecResult *result = call->result;
    GError *error = launch->error;
    gboolean wait = args->has_wait && !launch->abandoned;
    Process *process = NULL;

    launch->exec->launching--;
    call->abandon = NULL;
    if (!error) {
        process = make_process(launch);
        result->pid = process->pid;
    }
    free_launch(launch);
    if (process && wait)
        process_wait(process, call, MAX(args->wait, 1), is_over, answer_with_status);
    else
        call->services->complete(call, error);
    return G_SOURCE_REMOVE;
}

gboolean exec_launch(Exec *exec, Call *call, GError **error)
{
    Launch *launch = g_new0(Launch, 1);

    launch->exec = exec;
    launch->call = call;
    launch->plan.in = -1;
    for (int i = 0; i < CHILD_STREAMS; i++)
        launch->plan.out[i] = -1;
    for (int i = 0; i < 3; i++)
        launch->theirs[i] = -1;
    if (!exec->launchers)
        exec->launchers = workers_new(on_thread, g_main_context_default(), IDLE_THREADS);
    if (!workers_push(exec->launchers, launch)) {
        free_launch(launch);
        return set_error(error, "cannot start a thread");
    }
    call->deferred = TRUE;
    call->waiting = launch;
    call->abandon = on_abandoned;
    exec->launching++;
    return TRUE;
}
