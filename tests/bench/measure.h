/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "agent.h"

#define MAX_ROUNDS 101

enum { GUESTD, REFERENCE, AGENTS };

typedef enum {
    NO_TARGET,
    TARGET_TIMES, /* at least so many times better than the reference */
    TARGET_BELOW, /* below this, whatever the reference does */
} TargetKind;

typedef struct {
    int rounds;       /* of each measure */
    int starts;       /* rounds of the time to the first reply */
    const char *only; /* measures with this in their name; NULL: all */
    int idle_seconds; /* for the idle wakeups; 0 leaves them out */
} Plan;

/* One line of the table. */
typedef struct {
    const char *name;
    const char *unit;
    bool more_is_better;
    TargetKind target_kind;
    double target;
    int n; /* values of each agent */
    double values[AGENTS][MAX_ROUNDS];
} Result;

double median(double *values, size_t n);

/* Takes every measure on both agents in turn; returns how many @results it filled. */
size_t measure_all(Agent agents[AGENTS], const Plan *plan, Result *results, size_t max);
