/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest/program.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "host/guest/calm.h"
#include "host/guest/remote-file.h"
#include "lib/errors.h"

/* guestd: output is read, and input written, while the program runs. */

/* A reply has to pass libvirt, which takes strings of 4 MiB. */
#define READ_BYTES (1024 * 1024)
#define INPUT_BYTES (512 * 1024)
/*
 * How long one output is waited for before the other, and our input, are looked at: longer
 * the longer nothing came.
 */
#define FIRST_WAIT_MS 20
#define LAST_WAIT_MS 500
#define LAST_WAIT_WITH_INPUT_MS 80
/* A program that does not read its input holds an answer up; it is not waited for. */
#define INPUT_PATIENCE_MS 1000
/* From the request to end until it is killed. */
#define GRACE_MS 3000
#define GRACE_STEP_MS 50

typedef struct {
    Program *program;
    gint64 offset[PROGRAM_STREAMS];
    gboolean eof[PROGRAM_STREAMS];
    gboolean exited;
    gboolean came; /* output, in this round */
    gint64 wait_ms;
    int talker; /* the output that said something last */
    gboolean input_open;
    gboolean input_ended; /* ours */
    char *input;
    gsize input_len; /* not yet sent */
} Follow;

static gboolean read_output(Follow *follow, int stream, gint64 wait_ms, GError **error)
{
    Program *program = follow->program;
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guestd-exec-read");
    const Value *reply;
    const char *data;
    gsize len;

    request_int(request, "pid", program->pid);
    request_string(request, "stream", stream == PROGRAM_OUT ? "stdout" : "stderr");
    request_int(request, "offset", follow->offset[stream]);
    request_int(request, "count", READ_BYTES);
    request_int(request, "wait", wait_ms);
    reply = vm_ask(program->vm, request, program->vm->context->timeout_ms + wait_ms, arena,
                   error);
    if (!reply)
        return FALSE;
    data = value_bytes(reply, "buf-b64", &len);
    follow->offset[stream] += (gint64)len;
    follow->eof[stream] = value_bool(reply, "eof", FALSE);
    follow->exited = value_bool(reply, "exited", FALSE);
    program->truncated |= value_bool(reply, "truncated", FALSE);
    if (len > 0) {
        follow->came = TRUE;
        follow->talker = stream;
    }
    return len == 0 || program_output(program, stream, data, len, error);
}

/* What is there of our input, without waiting for it. */
static gboolean take_input(Follow *follow, GError **error)
{
    struct pollfd ready = { .fd = STDIN_FILENO, .events = POLLIN };
    ssize_t n;

    if (follow->input_len > 0 || follow->input_ended || poll(&ready, 1, 0) <= 0)
        return TRUE;
    n = read(STDIN_FILENO, follow->input,
             MIN(INPUT_BYTES, remote_max_write(follow->program->vm)));
    if (n < 0)
        return errno == EINTR || errno == EAGAIN || set_errno_error(error, errno, "standard input");
    follow->input_len = (gsize)n;
    follow->input_ended = n == 0;
    return TRUE;
}

/*
 * Input that the program does not read is not a failure, nor is input that it has closed.
 * Returns FALSE with @error for all others.
 */
static gboolean judge_write(Follow *follow, GError *problem, GError **error)
{
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNANSWERED)) {
        follow->input_len = 0; /* it was taken, but has to wait */
    } else if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED)) {
        /* Earlier versions of guestd have the second text. */
        if (!strstr(problem->message, "has unread input") &&
            !strstr(problem->message, "has not read its input"))
            follow->input_open = FALSE;
    } else {
        g_propagate_error(error, problem);
        return FALSE;
    }
    g_error_free(problem);
    return TRUE;
}

static gboolean write_input(Follow *follow, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guestd-exec-write");
    GError *problem = NULL;

    request_int(request, "pid", follow->program->pid);
    if (follow->input_len > 0)
        request_base64(request, "buf-b64", follow->input, follow->input_len);
    else
        request_bool(request, "eof", TRUE);
    request->secret = TRUE;
    if (!vm_hand_over(follow->program->vm, request, INPUT_PATIENCE_MS, arena, &problem))
        return judge_write(follow, problem, error);
    follow->input_open = follow->input_len > 0;
    follow->input_len = 0;
    follow->came = TRUE;
    return TRUE;
}

static gboolean pass_input(Follow *follow, GError **error)
{
    if (!follow->input_open)
        return TRUE;
    if (!take_input(follow, error))
        return FALSE;
    return (follow->input_len == 0 && !follow->input_ended) || write_input(follow, error);
}

static void adapt_wait(Follow *follow)
{
    gint64 last = follow->input_open ? LAST_WAIT_WITH_INPUT_MS : LAST_WAIT_MS;

    follow->wait_ms = follow->came ? FIRST_WAIT_MS : MIN(follow->wait_ms * 2, last);
}

/* Input that went through is followed by more, so nothing is waited for then. */
static gboolean one_round(Follow *follow, GError **error)
{
    int other = !follow->talker;
    gint64 wait_ms;

    follow->came = FALSE;
    if (!pass_input(follow, error))
        return FALSE;
    wait_ms = follow->came ? 0 : follow->wait_ms;
    if (follow->eof[PROGRAM_OUT] && follow->eof[PROGRAM_ERR]) {
        /* The program has closed both and still runs. */
        if (!pause_ms(follow->program->vm->context, wait_ms, error) ||
            !read_output(follow, PROGRAM_OUT, 0, error))
            return FALSE;
    } else {
        if (!follow->eof[other] &&
            !read_output(follow, other, follow->eof[!other] ? wait_ms : 0, error))
            return FALSE;
        if (!follow->eof[!other] && !read_output(follow, !other, wait_ms, error))
            return FALSE;
    }
    adapt_wait(follow);
    return pause_ms(follow->program->vm->context, 0, error);
}

static gboolean is_over(const Follow *follow)
{
    return follow->exited && follow->eof[PROGRAM_OUT] && follow->eof[PROGRAM_ERR];
}

static gboolean send_signal(Follow *follow, const char *name, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guestd-exec-kill");

    request_int(request, "pid", follow->program->pid);
    request_string(request, "signal", name);
    return vm_ask(follow->program->vm, request, 0, arena, error) != NULL;
}

/* Reads what it still says, as long as we can pass it on. */
static gboolean await_end(Follow *follow, GError **error)
{
    gint64 until = g_get_monotonic_time() + GRACE_MS * 1000;

    while (!is_over(follow) && g_get_monotonic_time() < until) {
        for (int i = 0; i < PROGRAM_STREAMS; i++)
            if (!read_output(follow, i, 0, error))
                return FALSE;
        if (!is_over(follow))
            pause_ms(follow->program->vm->context, GRACE_STEP_MS, NULL);
    }
    return TRUE;
}

/* It may have ended by itself meanwhile; then no signal is needed. */
static gboolean end_it(Follow *follow, GError **error)
{
    static const char *const signals[] = { "TERM", "KILL" };

    for (gsize i = 0; i < G_N_ELEMENTS(signals) && !follow->exited; i++) {
        g_autoptr(GError) problem = NULL;

        if (!send_signal(follow, signals[i], &problem) &&
            !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return FALSE;
        }
        if (!await_end(follow, error))
            return FALSE;
    }
    return follow->exited || set_error(error, "it does not end");
}

/* @error, which made us give up, is told together with what became of the program. */
static void give_up(Follow *follow, GError **error)
{
    g_autoptr(GError) problem = NULL;
    Program *program = follow->program;
    Calm calm;

    calm_begin(&calm, program->vm);
    if (!g_error_matches(*error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED))
        program->streams = FALSE; /* our output may be what failed */
    if (end_it(follow, &problem)) {
        /* So that the agent forgets it. */
        program_ask_status(program, FALSE, NULL);
        program->ended = FALSE;
        g_prefix_error(error, "process %" G_GINT64_FORMAT " was ended in the guest: ",
                       program->pid);
    } else {
        g_prefix_error(error, "process %" G_GINT64_FORMAT " may go on in the guest (%s): ",
                       program->pid, problem->message);
    }
    calm_end(&calm);
}

gboolean program_follow(Program *program, GError **error)
{
    Follow follow = { .program = program, .wait_ms = FIRST_WAIT_MS,
                      .input_open = program->has_input };
    g_autofree char *input = program->has_input ? g_malloc(INPUT_BYTES) : NULL;
    gboolean ok = TRUE;

    follow.input = input;
    while (ok && !is_over(&follow))
        ok = one_round(&follow, error);
    if (ok)
        return program_ask_status(program, FALSE, error);
    give_up(&follow, error);
    return FALSE;
}
