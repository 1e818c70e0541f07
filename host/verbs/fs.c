/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/table.h"
#include "host/base/value-get.h"
#include "host/cli/verb.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

/* guestctl VM freeze, thaw, trim */

/* A freeze syncs first, a trim goes through whole disks: the guest's own limits come earlier. */
#define FREEZE_MS (90 * 1000)
#define TRIM_MS (3600 * 1000)

static gint64 at_least(const Job *job, gint64 ms)
{
    return MAX(job->context->timeout_ms, ms);
}

static void tell_count(Job *job, const char *done, const Value *count)
{
    gint64 n = count->kind == VALUE_INT ? count->integer : -1;

    job_print(job, "%" G_GINT64_FORMAT " filesystem%s %s\n", n, n == 1 ? "" : "s", done);
    job_json_value(job, count);
}

/* Another agent would stay frozen until a host thaws it, and ignore the limit. */
static gboolean can_thaw_itself(Job *job, GError **error)
{
    gboolean guestd;

    return vm_agent_has(job->vm, "guestd-info", &guestd, error) &&
           (guestd || set_error(error, "--thaw-after requires guestd; this guest runs another "
                                       "agent"));
}

static gboolean freeze_run(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    gboolean list = job->call->n_args > 0;
    g_autoptr(HostRequest) request =
        request_new(list ? "guest-fsfreeze-freeze-list" : "guest-fsfreeze-freeze");
    gint64 limit;
    const Value *count;

    if (!job_number(job, "thaw-after", 0, &limit, error) ||
        (limit > 0 && !can_thaw_itself(job, error)))
        return FALSE;
    if (list)
        request_strings(request, "mountpoints", (const char *const *)job->call->args);
    if (limit > 0)
        request_int(request, "timeout", limit);
    count = vm_ask(job->vm, request, at_least(job, FREEZE_MS), arena, error);
    if (!count)
        return FALSE;
    tell_count(job, "frozen", count);
    return TRUE;
}

const Verb verb_freeze = {
    .name = "freeze",
    .usage = "[MOUNTPOINT]…",
    .summary = "Freeze all filesystems, or those named, until thaw",
    .doc = "The guest cannot write until \"guestctl VM thaw\". guestd thaws by itself\n"
           "after its freeze-timeout; a stock qemu-ga does not.",
    .options = (const VerbOption[]){
        { "thaw-after", "SECONDS", "let guestd thaw by itself after this time (guestd only)" },
        { NULL },
    },
    .flags = VERB_CHANGES,
    .max_args = -1,
    .run = freeze_run,
};

static gboolean thaw_run(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-fsfreeze-thaw");
    const Value *count = vm_ask(job->vm, request, at_least(job, FREEZE_MS), arena, error);

    if (!count)
        return FALSE;
    tell_count(job, "thawed", count);
    return TRUE;
}

const Verb verb_thaw = {
    .name = "thaw",
    .summary = "Thaw all frozen filesystems",
    .flags = VERB_CHANGES,
    .run = thaw_run,
};

static gboolean trim_run(Job *job, GError **error)
{
    static const char *const heads[] = { "MOUNTED ON", ">TRIMMED", "PROBLEM", NULL };
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-fstrim");
    g_autoptr(Table) table = table_new(heads);
    const Value *result;
    gint64 minimum;

    if (!job_number(job, "minimum", 0, &minimum, error))
        return FALSE;
    request_int(request, "minimum", minimum);
    result = vm_ask(job->vm, request, at_least(job, TRIM_MS), arena, error);
    if (!result)
        return FALSE;
    VALUE_EACH (path, value_get(result, "paths")) {
        table_cell(table, value_string(path, "path", NULL));
        table_size(table, value_int(path, "trimmed", -1));
        table_cell(table, value_string(path, "error", NULL));
    }
    table_print(table, "no filesystem to trim", job->text);
    job_json_value(job, result);
    return TRUE;
}

const Verb verb_trim = {
    .name = "trim",
    .summary = "Discard the unused blocks of the filesystems",
    .options = (const VerbOption[]){
        { "minimum", "BYTES", "skip smaller free extents" },
        { NULL },
    },
    .flags = VERB_CHANGES,
    .run = trim_run,
};
