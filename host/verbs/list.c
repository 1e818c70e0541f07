/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/table.h"
#include "host/cli/fleet.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

/* guestctl list */

/*
 * An agent that is there answers at once; a list must not wait long for those that are not, unless
 * the user said how long.
 */
#define PING_MS 3000

typedef struct {
    VmState state;
    gboolean known;  /* the state could be asked */
    const char *agent;
} Row;

static const char *ask_agent(Job *job, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-ping");
    gint64 ms = job->context->timeout_ms;

    if (vm_ask(job->vm, request, ms == DEFAULT_TIMEOUT_MS ? PING_MS : ms, arena, error))
        return "answers";
    if (g_error_matches(*error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        return "hangs";
    return g_error_matches(*error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE) ? "absent" : "refuses";
}

static gboolean look(Job *job, gpointer data, GError **error)
{
    g_autoptr(GError) problem = NULL;
    Row *row = g_new0(Row, 1);

    (void)data;
    (void)error;
    job->data = row;
    row->known = vm_state(job->vm, &row->state, NULL);
    row->agent = "-";
    /* Without a monitor the agent alone tells whether it runs. */
    if (!row->known || row->state == VM_RUNNING || row->state == VM_IDLE)
        row->agent = ask_agent(job, &problem);
    return TRUE;
}

static const char *state_text(const Row *row)
{
    return row->known ? vm_state_name(row->state) : "unknown";
}

/* At once, for completion. */
static gboolean list_names(Job **jobs, guint n)
{
    for (guint i = 0; i < n; i++) {
        json_append_string(jobs[i]->json, jobs[i]->vm->name);
        if (!jobs[i]->context->json)
            g_print("%s\n", jobs[i]->vm->name);
    }
    return TRUE;
}

static gboolean list_run(Job **jobs, guint n, GError **error)
{
    static const char *const heads[] = { "NAME", "STATE", "AGENT", NULL };
    g_autoptr(Table) table = table_new(heads);
    g_autoptr(GString) out = g_string_new(NULL);

    (void)error;
    if (n > 0 && job_flag(jobs[0], "names"))
        return list_names(jobs, n);
    fleet_each(jobs, n, FALSE, look, NULL);
    for (guint i = 0; i < n; i++) {
        Row *row = jobs[i]->data;

        table_cell(table, jobs[i]->vm->name);
        table_cell(table, state_text(row));
        table_cell(table, row->agent);
        g_string_append_printf(jobs[i]->json, "{\"state\": \"%s\", \"agent\": \"%s\"}",
                               state_text(row), row->agent);
        g_clear_pointer(&jobs[i]->data, g_free);
    }
    table_print(table, "no VM", out);
    if (n == 0 || !jobs[0]->context->json)
        g_print("%s", out->str);
    return TRUE;
}

const Verb verb_list = {
    .name = "list",
    .summary = "Show the VMs, their state and whether their agents answer",
    .options = (const VerbOption[]){
        { "names", NULL, "print only the names, without a query to the agents" },
        { NULL },
    },
    .flags = VERB_ALL_BY_DEFAULT | VERB_GROUP_PRINTS,
    .run_group = list_run,
};
