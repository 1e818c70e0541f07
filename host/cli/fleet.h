/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/cli/verb.h"

#define EXIT_USAGE 2

/*
 * Calls @act for each of the @n jobs at the same time, each in a thread, and waits for all.
 * A job whose act returns FALSE has its error set; with @only_well, jobs that have one
 * already are left out. Returns how many have failed.
 */
typedef gboolean (*FleetAct)(Job *job, gpointer data, GError **error);
guint fleet_each(Job **jobs, guint n, gboolean only_well, FleetAct act, gpointer data);

/* Prints, for --json, that the whole call failed: an object with the error's @text. */
void fleet_print_failure(const char *text);

/*
 * Runs the verb on all of @vms (an array of Vm; for VERB_NO_VM empty) and prints what comes of it.
 * Returns the exit status: 0, 1 if anything failed, or what the verb asks for.
 */
int fleet_run(const VerbCall *call, const Context *context, GPtrArray *vms);
