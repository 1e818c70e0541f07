/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/fleet.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "lib/errors.h"
#include "lib/json/writer.h"

/* VMs that are worked on at once; waiting is all that the threads do. */
#define MAX_THREADS 256

typedef struct {
    Job *job;
    FleetAct act;
    gpointer data;
} Task;

static void perform(gpointer data, gpointer unused)
{
    Task *task = data;

    (void)unused;
    if (!task->act(task->job, task->data, &task->job->error) && !task->job->error)
        set_error(&task->job->error, "failed (no reason reported)");
}

guint fleet_each(Job **jobs, guint n, gboolean only_well, FleetAct act, gpointer data)
{
    g_autofree Task *tasks = g_new0(Task, n);
    GThreadPool *pool = n > 1 ? g_thread_pool_new(perform, NULL, (int)MIN(n, MAX_THREADS), FALSE,
                                                  NULL) : NULL;
    guint failed = 0;

    for (guint i = 0; i < n; i++) {
        tasks[i] = (Task){ jobs[i], act, data };
        if (only_well && jobs[i]->error)
            continue;
        if (pool)
            g_thread_pool_push(pool, &tasks[i], NULL);
        else
            perform(&tasks[i], NULL);
    }
    if (pool)
        g_thread_pool_free(pool, FALSE, TRUE);
    for (guint i = 0; i < n; i++)
        failed += jobs[i]->error != NULL;
    return failed;
}

static gboolean run_one(Job *job, gpointer data, GError **error)
{
    const Verb *verb = job->call->verb;

    (void)data;
    if (!job->context->dry_run || !(verb->flags & VERB_CHANGES) || (verb->flags & VERB_DRY_ITSELF))
        return verb->run(job, error);
    job_print(job, "would do: %s%s%s\n", job->vm ? job->vm->name : "", job->vm ? " " : "",
              verb->name);
    return TRUE;
}

/* Several VMs: each line says whose it is. */
static void print_lines(const char *name, const char *text)
{
    while (*text) {
        gsize len = strcspn(text, "\n");

        printf("%s: %.*s\n", name, (int)len, text);
        text += len + (text[len] == '\n');
    }
}

static void print_error(const Job *job)
{
    if (job->error && job->vm)
        fprintf(stderr, "guestctl: %s: %s\n", job->vm->name, job->error->message);
    else if (job->error)
        fprintf(stderr, "guestctl: %s\n", job->error->message);
}

static void print_text(const Job *job)
{
    if (job->alone)
        fwrite(job->text->str, 1, job->text->len, stdout);
    else if (job->text->len > 0)
        print_lines(job->vm->name, job->text->str);
    else if (!job->error)
        printf("%s: ok\n", job->vm->name);
    fflush(stdout);
    print_error(job);
}

/* What a verb had when it failed may be half of a document. */
static gboolean has_result(const Job *job)
{
    g_autoptr(JsonNode) result = job->error ? json_from_string(job->json->str, NULL) : NULL;

    return job->json->len > 0 && (!job->error || result);
}

static void append_outcome(const Job *job, GString *out)
{
    g_string_append(out, "{\"vm\": ");
    json_append_string(out, job->vm->name);
    g_string_append_printf(out, ", \"ok\": %s", job->error ? "false" : "true");
    if (job->error) {
        g_string_append(out, ", \"error\": ");
        json_append_string(out, job->error->message);
    }
    if (has_result(job))
        g_string_append_printf(out, ", \"result\": %s", job->json->str);
    g_string_append_c(out, '}');
}

void fleet_print_failure(const char *text)
{
    g_autoptr(GString) out = g_string_new("{\"ok\": false, \"error\": ");

    json_append_string(out, text);
    printf("%s}\n", out->str);
    fflush(stdout);
}

/* A result that tells what is wrong, such as verify's, is printed as in success. */
static void print_failure(const Job *job)
{
    if (has_result(job))
        printf("%s\n", job->json->str);
    else
        fleet_print_failure(job->error ? job->error->message : "");
    fflush(stdout);
    print_error(job);
}

/* However many there are just now: what a program gets must not change its shape with that. */
static gboolean asked_for_several(const Job *job)
{
    const Context *context = job->context;

    return context->all || context->match ||
           ((job->call->verb->flags & VERB_ALL_BY_DEFAULT) && !job->call->spec &&
            !context_has_vm(context));
}

/* One VM gives its result alone; several a list, in the order in which they were named. */
static void print_json(Job **jobs, guint n)
{
    g_autoptr(GString) out = g_string_new(NULL);

    if (n == 1 && jobs[0]->alone && (!jobs[0]->vm || !asked_for_several(jobs[0]))) {
        if (jobs[0]->error)
            print_failure(jobs[0]);
        else
            printf("%s\n", jobs[0]->json->len ? jobs[0]->json->str : "{}");
        return;
    }
    for (guint i = 0; i < n; i++) {
        g_string_append(out, i > 0 ? ",\n " : "[");
        append_outcome(jobs[i], out);
    }
    printf("%s]\n", n > 0 ? out->str : "[");
}

static Job *job_new(const VerbCall *call, const Context *context, Vm *vm, gboolean alone)
{
    Job *job = g_new0(Job, 1);

    job->call = call;
    job->context = context;
    job->vm = vm;
    job->alone = alone;
    job->text = g_string_new(NULL);
    job->json = g_string_new(NULL);
    job->reporter = (Reporter){ .subject = vm ? vm->name : NULL, .text = job->text,
                                .json = job->json, .quiet = !alone || context->json };
    return job;
}

static void job_free(gpointer data)
{
    Job *job = data;

    g_string_free(job->text, TRUE);
    g_string_free(job->json, TRUE);
    g_clear_error(&job->error);
    g_free(job);
}

static int summarise(Job **jobs, guint n, const Context *context)
{
    guint failed = 0;

    for (guint i = 0; i < n; i++)
        failed += jobs[i]->error != NULL;
    if (n > 1 && !context->json && !(jobs[0]->call->verb->flags & VERB_GROUP_PRINTS))
        fprintf(stderr, "%u VMs: %u ok, %u failed\n", n, n - failed, failed);
    if (n == 1 && jobs[0]->status)
        return jobs[0]->status;
    if (n == 1 && g_error_matches(jobs[0]->error, GUESTD_ERROR, GUESTD_ERROR_USAGE))
        return EXIT_USAGE;
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

int fleet_run(const VerbCall *call, const Context *context, GPtrArray *vms)
{
    g_autoptr(GPtrArray) jobs = g_ptr_array_new_with_free_func(job_free);
    g_autoptr(GError) error = NULL;
    Job **all;

    for (guint i = 0; i < vms->len; i++)
        g_ptr_array_add(jobs, job_new(call, context, vms->pdata[i], vms->len == 1));
    if (!verb_call_needs_vm(call))
        g_ptr_array_add(jobs, job_new(call, context, NULL, TRUE));
    all = (Job **)jobs->pdata;
    if (!call->verb->run_group)
        fleet_each(all, jobs->len, FALSE, run_one, NULL);
    else if (!call->verb->run_group(all, jobs->len, &error))
        fprintf(stderr, "guestctl: %s\n", error->message);
    if (context->json)
        print_json(all, jobs->len);
    else if (!(call->verb->flags & VERB_GROUP_PRINTS))
        g_ptr_array_foreach(jobs, (GFunc)(void (*)(void))print_text, NULL);
    return error ? EXIT_FAILURE : summarise(all, jobs->len, context);
}
