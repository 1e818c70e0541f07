/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/*
 * Commands for tests of the dispatch: "wait" runs on a worker until the test
 * lets it go through a pipe; "later" is deferred until the test completes @later, or
 * gives up itself if its value is negative; others answer at once. Services.agent is the Gate.
 */
typedef struct {
    int pipe[2];
    gint waiting;  /* commands at the gate now */
    gint released; /* that have come through */
    gint echoed;
    gint spaced;
    gint abandoned;
    Call *later;
} Gate;

void gate_init(Gate *gate);
void gate_clear(Gate *gate);

/* Lets @n commands through, also ones that come later. */
void gate_release(Gate *gate, guint n);
guint gate_waiting(Gate *gate);
guint gate_released(Gate *gate);

extern const Family *const gated_families[];
