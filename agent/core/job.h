/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/core/command-set.h"
#include "agent/schema/envelope.h"
#include "lib/framer.h"

/*
 * One message of a host from its arrival to the reply. Created by the main thread; a worker may run
 * its command.
 */
typedef struct Lane Lane;

/* A job is prepared once, on its arrival or when its turn comes. */
typedef enum {
    JOB_RECEIVED, /* names a command; neither policy nor arguments are checked */
    JOB_READY,    /* may run, with its arguments filled */
    JOB_REFUSED,  /* its error is set */
} JobState;

typedef struct {
    Call call; /* what the handler sees */
    Lane *lane;
    Request request;
    const CommandEntry *entry; /* NULL if the message names no command */
    GError *error;
    GString *reply; /* made in advance by a worker, or NULL */
    char *channel; /* the connection's name, which may be gone by then */
    char *text;    /* of the message, in which its strings are; NULL: there was none */
    gsize size;    /* bytes of the message */
    gint64 began;  /* monotonic microseconds */
    JobState state;
    gboolean disabled; /* by the configuration, not for a freeze */
} Job;

/* Parses @frame and frees its data; a fault becomes the job's error. */
Job *job_new(Frame *frame, const CommandSet *set, const Services *services);
void job_free(Job *job);

/* The command of @job, or NULL. */
const Command *job_command(const Job *job);

/*
 * Checks whether the command of a JOB_RECEIVED may run and fills its arguments, which makes it
 * JOB_READY or JOB_REFUSED; one that is refused already stays so. Returns whether it is ready.
 */
gboolean job_prepare(Job *job, const Settings *settings, gboolean frozen);

/* Whether the configuration refused the job, as a command or for its arguments. */
gboolean job_forbidden(const Job *job);

/* Runs the command's handler, on whatever thread this is called. */
void job_run(Job *job);

/* The reply line, or NULL where success is not answered. */
GString *job_reply(const Job *job);
