/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "agent/core/job.h"

#include <string.h>

#include "agent/core/policy.h"
#include "lib/errors.h"
#include "lib/json/reader.h"

/* Precedes the reply to guest-sync-delimited, so that a host finds it. */
#define SENTINEL ((char)0xFF)

const Command *job_command(const Job *job)
{
    return job->entry ? job->entry->command : NULL;
}

static void read_request(Job *job, Frame *frame, const CommandSet *set)
{
    const Value *message;

    arena_adopt(job->call.arena, frame->data);
    job->text = frame->data;
    message = json_read(job->call.arena, frame->data, frame->len, &job->error);
    if (!message || !envelope_read(message, &job->request, &job->error))
        return;
    job->entry = command_set_find(set, job->request.execute);
    if (!job->entry)
        g_set_error(&job->error, GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND,
                    "The command %s has not been found", job->request.execute);
}

Job *job_new(Frame *frame, const CommandSet *set, const Services *services)
{
    Job *job = g_new0(Job, 1);

    job->call.services = services;
    job->call.arena = arena_new();
    job->size = frame->len;
    if (frame->kind == FRAME_ERROR)
        job->error = g_error_new_literal(GUESTD_ERROR, GUESTD_ERROR_FAILED, frame->data);
    else
        read_request(job, frame, set);
    if (frame->kind == FRAME_ERROR)
        g_free(frame->data);
    job->state = job->error ? JOB_REFUSED : JOB_RECEIVED;
    return job;
}

/* A refused message may be a misspelt one with secrets. */
static gboolean may_hold_secret(const Job *job)
{
    const Command *command = job_command(job);

    return !command || job->error || (command->args && type_has_secret(command->args));
}

void job_free(Job *job)
{
    if (job->text && may_hold_secret(job))
        explicit_bzero(job->text, job->size);
    g_clear_error(&job->error);
    if (job->reply)
        g_string_free(job->reply, TRUE);
    g_free(job->channel);
    arena_free(job->call.arena);
    g_free(job);
}

static gboolean fill_arguments(Job *job)
{
    static const Field no_fields[] = { FIELDS_END };
    static const Type no_arguments = { .kind = TYPE_OBJECT, .fields = no_fields };
    const Command *command = job->entry->command;
    const Type *type = command->args ? command->args : &no_arguments;
    void *args = arena_alloc(job->call.arena, type->size);

    if (!schema_fill(type, job->request.arguments, job->call.arena, args, &job->error))
        return FALSE;
    job->call.args = args;
    if (command->returns)
        job->call.result = arena_alloc(job->call.arena, command->returns->size);
    job->call.state = *job->entry->state;
    return TRUE;
}

gboolean job_prepare(Job *job, const Settings *settings, gboolean frozen)
{
    g_return_val_if_fail(job->state != JOB_READY, FALSE);
    if (job->state == JOB_REFUSED)
        return FALSE;
    job->state = JOB_REFUSED;
    if (!policy_allows(settings, job->entry->command, frozen)) {
        g_set_error(&job->error, GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND,
                    "Command %s has been disabled: the command is not allowed",
                    job->entry->command->name);
        job->disabled = !policy_allows(settings, job->entry->command, FALSE);
        return FALSE;
    }
    if (fill_arguments(job) &&
        policy_permits(settings, job_command(job), job->call.args, &job->error))
        job->state = JOB_READY;
    return job->state == JOB_READY;
}

gboolean job_forbidden(const Job *job)
{
    return job->disabled || g_error_matches(job->error, GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN);
}

void job_run(Job *job)
{
    const Command *command = job->entry->command;

    if (!command->run(&job->call, &job->error) && !job->error)
        set_error(&job->error, "%s failed (no reason reported)", command->name);
}

GString *job_reply(const Job *job)
{
    const Command *command;
    GString *text;

    if (job->error)
        return envelope_error(job->error, job->request.id);
    command = job->entry->command;
    if (command->flags & COMMAND_NO_SUCCESS_REPLY)
        return NULL;
    text = envelope_return(command->returns, job->call.result, job->request.id);
    if (command->flags & COMMAND_DELIMITED)
        g_string_prepend_c(text, SENTINEL);
    return text;
}
