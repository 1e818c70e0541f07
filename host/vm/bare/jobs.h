/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/bare/vm.h"

/*
 * Called each time jobs_follow() looks at the jobs, with the monitor that answered. Returns
 * FALSE with @error set to end the wait.
 */
typedef gboolean (*JobsStep)(Vm *vm, Qmp *qmp, gpointer data, GError **error);

/*
 * Waits until all jobs with the @ids (NULL-terminated), which do not dismiss themselves, are
 * concluded; @disks has the name of each job's disk, for errors. A job that becomes ready is
 * completed, which @cancel_fd (-1: never) no longer interrupts. Connects again if the monitor is
 * lost: jobs outlive it. FALSE with @error set if a job fails or is gone; the others are then
 * still there, for jobs_finish(); or to _UNREACHABLE with the reason of QEMU's end as the text. @step may be NULL.
 */
gboolean jobs_follow(Vm *vm, char **ids, const char *const *disks, JobsStep step, gpointer data,
                     Progress *progress, int cancel_fd, GError **error);

/*
 * Cancels all jobs whose id begins with @prefix, waits until they are gone, and closes the
 * nodes with such a name; for cleaning up as well as after success. @ended, if not NULL: how many
 * jobs there were.
 */
gboolean jobs_finish(Vm *vm, const char *prefix, guint *ended, const Deadline *deadline,
                     GError **error);
