/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest/program.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "host/guest/calm.h"
#include "lib/errors.h"

/* An agent asks its program's result this often at first, and at last. */
#define FIRST_PAUSE_MS 20
#define LAST_PAUSE_MS 1000
/* What an agent keeps of each output; an old one does not tell that there was more. */
#define MAX_KEPT (16 * 1024 * 1024)

gboolean program_start(Program *program, HostRequest *request, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *reply;
    Calm calm;

    if (!pause_ms(program->vm->context, 0, error))
        return FALSE;
    calm_begin(&calm, program->vm);
    reply = vm_ask(program->vm, request, 0, arena, error);
    calm_end(&calm);
    if (!reply)
        return FALSE;
    program->pid = value_int(reply, "pid", 0);
    return program->pid != 0 || set_error(error, "the agent does not tell the program's pid");
}

static gboolean write_all(int fd, const char *data, gsize len, GError **error)
{
    while (len > 0) {
        ssize_t n = write(fd, data, len);

        if (n >= 0) {
            data += n;
            len -= (gsize)n;
        } else if (errno == EAGAIN) {
            struct pollfd ready = { .fd = fd, .events = POLLOUT };

            poll(&ready, 1, -1);
        } else if (errno != EINTR) {
            return set_errno_error(error, errno, "cannot write its output");
        }
    }
    return TRUE;
}

gboolean program_output(Program *program, int stream, const char *data, gsize len, GError **error)
{
    if (program->streams)
        return write_all(stream == PROGRAM_OUT ? STDOUT_FILENO : STDERR_FILENO, data, len, error);
    g_string_append_len(program->kept[stream], data, (gssize)len);
    return TRUE;
}

static gboolean take_output(Program *program, const Value *status, GError **error)
{
    static const char *const names[] = { "out-data", "err-data" };
    static const char *const dropped[] = { "out-truncated", "err-truncated" };

    for (int i = 0; i < PROGRAM_STREAMS; i++) {
        gsize len;
        const char *data = value_bytes(status, names[i], &len);

        program->truncated |= value_bool(status, dropped[i], FALSE) || len >= MAX_KEPT;
        if (data && !program_output(program, i, data, len, error))
            return FALSE;
    }
    return TRUE;
}

gboolean program_ask_status(Program *program, gboolean output, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-exec-status");
    const Value *status;

    request_int(request, "pid", program->pid);
    /* Megabytes that were read before; libvirt would not even let them pass. */
    if (!output)
        request_bool(request, "output", FALSE);
    status = vm_ask(program->vm, request, 0, arena, error);
    if (!status)
        return FALSE;
    program->ended = value_bool(status, "exited", FALSE);
    if (!program->ended)
        return TRUE;
    program->exitcode = value_int(status, "exitcode", -1);
    program->signal = value_int(status, "signal", -1);
    program->timed_out = value_bool(status, "timed-out", FALSE);
    return !output || take_output(program, status, error);
}

gboolean program_await(Program *program, GError **error)
{
    gint64 ms = FIRST_PAUSE_MS;

    for (;;) {
        if (!program_ask_status(program, TRUE, error)) {
            if (!program->ended)
                g_prefix_error(error, "process %" G_GINT64_FORMAT " still runs in the guest; only "
                                      "guestd can kill it: ", program->pid);
            return FALSE;
        }
        if (program->ended)
            return TRUE;
        if (!pause_ms(program->vm->context, ms, error)) {
            g_prefix_error(error, "process %" G_GINT64_FORMAT " still runs in the guest; only "
                                  "guestd can kill it: ", program->pid);
            return FALSE;
        }
        ms = MIN(ms * 3 / 2, LAST_PAUSE_MS);
    }
}
