/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "host/cli/verb.h"
#include "host/guest/program.h"
#include "host/guest/remote-file.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

/* guestctl VM exec */

/* As shells and timeout(1) have it. */
#define SIGNAL_STATUS 128
#define TIMED_OUT_STATUS 124
#define INTERRUPTED_STATUS 130
#define DEFAULT_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

static gboolean usage(GError **error, const char *text)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "exec: %s", text);
    return FALSE;
}

/* The agent takes a whole environment; one without a PATH would find no program. */
static gboolean add_environment(const Job *job, HostRequest *request, GError **error)
{
    const GPtrArray *given = job_options(job, "env");
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    gboolean has_path = FALSE;

    if (!given)
        return TRUE;
    for (guint i = 0; i < given->len; i++) {
        const char *equals = strchr(given->pdata[i], '=');

        if (!equals || equals == (const char *)given->pdata[i])
            return usage(error, "--env requires NAME=VALUE");
        has_path |= g_str_has_prefix(given->pdata[i], "PATH=");
        g_ptr_array_add(all, given->pdata[i]);
    }
    if (!has_path)
        g_ptr_array_add(all, (gpointer)DEFAULT_PATH);
    g_ptr_array_add(all, NULL);
    request_strings(request, "env", (const char *const *)all->pdata);
    return TRUE;
}

static gboolean refuse_guestd_options(const Job *job, GError **error)
{
    static const char *const names[] = { "user", "cwd", "timeout" };

    for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
        if (job_flag(job, names[i]))
            return set_error(error, "--%s requires guestd; this guest runs another agent",
                             names[i]);
    return TRUE;
}

static gboolean add_guestd_options(const Job *job, HostRequest *request, GError **error)
{
    gint64 seconds;

    if (!job_number(job, "timeout", 0, &seconds, error))
        return FALSE;
    if (seconds > 0)
        request_int(request, "timeout", seconds);
    if (job_flag(job, "user"))
        request_string(request, "user", job_option(job, "user"));
    if (job_flag(job, "cwd"))
        request_string(request, "cwd", job_option(job, "cwd"));
    if (job_flag(job, "stdin"))
        request_bool(request, "input-open", TRUE);
    return TRUE;
}

/* All of our input at once, as an agent that takes none later needs it. */
static gboolean add_input(const Job *job, HostRequest *request, GError **error)
{
    gsize max = remote_max_write(job->vm);
    g_autofree char *data = g_malloc(max + 1);
    Deadline deadline = deadline_in(G_MAXINT32, job->context->cancel_fd);
    gsize len = 0;
    ssize_t n = 1;

    while (n != 0 && len <= max) {
        if (!deadline_poll(&deadline, STDIN_FILENO, POLLIN, error))
            return FALSE;
        n = read(STDIN_FILENO, data + len, max + 1 - len);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return set_errno_error(error, errno, "standard input");
        len += (gsize)MAX(n, 0);
    }
    if (len > max)
        return set_error(error, "this agent accepts at most %zu KiB of input; guestd has no limit",
                         max / 1024);
    request_base64(request, "input-data", data, len);
    return TRUE;
}

static HostRequest *make_request(const Job *job, gboolean guestd, GError **error)
{
    g_autoptr(HostRequest) request = request_new("guest-exec");
    gboolean ok;

    request->secret = TRUE;
    request_string(request, "path", job->call->args[0]);
    if (job->call->n_args > 1)
        request_strings(request, "arg", (const char *const *)job->call->args + 1);
    request_bool(request, "capture-output", TRUE);
    ok = add_environment(job, request, error) &&
         (guestd ? add_guestd_options(job, request, error) : refuse_guestd_options(job, error));
    if (ok && !guestd && job_flag(job, "stdin"))
        ok = add_input(job, request, error);
    return ok ? g_steal_pointer(&request) : NULL;
}

static void append_json(Job *job, const Program *program)
{
    static const char *const names[] = { "stdout", "stderr" };
    GString *out = job->json;

    g_string_append_printf(out, "{\"pid\": %" G_GINT64_FORMAT, program->pid);
    if (program->exitcode >= 0)
        g_string_append_printf(out, ", \"exitcode\": %" G_GINT64_FORMAT, program->exitcode);
    if (program->signal >= 0)
        g_string_append_printf(out, ", \"signal\": %" G_GINT64_FORMAT, program->signal);
    g_string_append_printf(out, ", \"timed-out\": %s, \"truncated\": %s",
                           program->timed_out ? "true" : "false",
                           program->truncated ? "true" : "false");
    for (int i = 0; i < PROGRAM_STREAMS; i++) {
        g_string_append_printf(out, ", \"%s\": ", names[i]);
        json_append_text(out, program->kept[i]->str, program->kept[i]->len);
    }
    g_string_append_c(out, '}');
}

/* What the program's end means for ours; of several VMs each, the line says it. */
static gboolean judge(Job *job, const Program *program, GError **error)
{
    job->status = program->timed_out    ? TIMED_OUT_STATUS
                  : program->signal > 0 ? SIGNAL_STATUS + (int)program->signal
                                        : (int)MAX(program->exitcode, 0);
    if (program->truncated && !job->status)
        job->status = 1;
    if (!job->status || (job->alone && job->context->json))
        return TRUE;
    if (program->timed_out)
        return set_error(error, "killed after %s s", job_option(job, "timeout"));
    if (program->truncated)
        return set_error(error, "output is incomplete: the agent keeps 16 MiB");
    if (job->alone)
        return TRUE;
    return program->signal > 0
               ? set_error(error, "killed by signal %" G_GINT64_FORMAT, program->signal)
               : set_error(error, "exit status %d", job->status);
}

static gboolean run_program(Job *job, Program *program, GError **error)
{
    g_autoptr(HostRequest) request = NULL;
    gboolean guestd, ok;

    if (!vm_agent_has(job->vm, "guestd-exec-read", &guestd, error))
        return FALSE;
    request = make_request(job, guestd, error);
    if (!request || !program_start(program, request, error))
        return FALSE;
    ok = guestd ? program_follow(program, error) : program_await(program, error);
    for (int i = 0; i < PROGRAM_STREAMS && !job->context->json; i++)
        g_string_append_len(job->text, program->kept[i]->str, (gssize)program->kept[i]->len);
    if (ok)
        append_json(job, program);
    return ok && judge(job, program, error);
}

static gboolean exec_run(Job *job, GError **error)
{
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(GString) err = g_string_new(NULL);
    Program program = { .vm = job->vm, .streams = job->alone && !job->context->json,
                        .has_input = job_flag(job, "stdin"), .kept = { out, err } };
    GError *problem = NULL;

    if (program.has_input && !job->alone)
        return usage(error, "--stdin requires a single VM");
    if (run_program(job, &program, &problem))
        return TRUE;
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED))
        job->status = INTERRUPTED_STATUS;
    g_propagate_error(error, problem);
    return FALSE;
}

const Verb verb_exec = {
    .name = "exec",
    .usage = "-- CMD [ARG]…",
    .summary = "Run a program in the guest and return its exit status",
    .doc = "guestctl prints the output while the program runs, and Ctrl-C kills the program in the guest.\n"
           "A stock qemu-ga can do neither: the output comes at the end, and the program keeps running.\n"
           "No shell is involved: use sh -c for one. The exit status is 128 plus the number of the\n"
           "signal that killed the program, 124 after --timeout, 130 after Ctrl-C.",
    .options = (const VerbOption[]){
        { "user", "NAME", "user to run the program as (guestd only)" },
        { "cwd", "DIR", "working directory (guestd only)" },
        { "env", "NAME=VALUE", "environment variable, repeatable; the program gets only these and a PATH" },
        { "timeout", "SECONDS", "kill the program after this time (guestd only)" },
        { "stdin", NULL, "send standard input to the program" },
        { NULL },
    },
    .flags = VERB_CHANGES,
    .min_args = 1,
    .max_args = -1,
    .run = exec_run,
};
