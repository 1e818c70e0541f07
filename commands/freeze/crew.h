/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

#include "agent/base/sysops.h"

/*
 * Carries out system calls on many filesystems at once, each on a thread of its own, and waits
 * for them up to a deadline or until it is cancelled. A call that does not return in time is
 * left behind, and tidies up after itself.
 */
typedef struct Crew Crew;

/*
 * An open mount point. It is closed with its last reference, so that a call that was given up
 * before it was made cannot hit another file.
 */
typedef struct CrewFile CrewFile;

/* Takes over @fd, which @ops opened. */
CrewFile *crew_file_new(const SysOps *ops, int fd);
void crew_file_unref(CrewFile *file);

typedef enum {
    CREW_OPEN,   /* @path; the result is a descriptor */
    CREW_SYNC,   /* @file */
    CREW_FREEZE, /* @file; if late, thawed again the moment it returns */
    CREW_THAW,   /* @file */
    CREW_DRAIN,  /* @path: thaw until there is nothing to thaw; the result is how often */
} CrewTask;

typedef struct {
    CrewTask task;
    const char *path; /* copied */
    CrewFile *file;   /* the crew takes its own reference */
    /* Filled by crew_run(): */
    gboolean late; /* did not return in time */
    int result;
    int errnum;
    gint64 took_us;
} CrewJob;

Crew *crew_new(const SysOps *ops);
void crew_unref(Crew *crew);

/*
 * Does the @n @jobs, all of one task; returns when all are done, at @until (monotonic
 * microseconds), or when cancelled. A job that was not started by then fails with ETIMEDOUT or
 * ECANCELED; but thaws are all started, and only the deadline ends the wait for them.
 */
void crew_run(Crew *crew, CrewJob *jobs, gsize n, gint64 until);

/* The paths whose freezes were left behind and have not returned; NULL-terminated, to be freed. */
char **crew_late_freezes(Crew *crew);

/*
 * Waits until the freezes of @path that were left behind have returned: to the next freeze they
 * would look like a foreign one, and they would thaw what that has frozen. Returns FALSE at
 * @until (monotonic microseconds), or when cancelled.
 */
gboolean crew_await_late_freeze(Crew *crew, const char *path, gint64 until);

/* Ends the wait of a crew_run() in progress and of later ones; from any thread. */
void crew_cancel(Crew *crew);
void crew_uncancel(Crew *crew);
gboolean crew_cancelled(Crew *crew);
