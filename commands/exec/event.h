/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"

/* The data of EXEC_FINISHED. */
typedef struct {
    gint64 pid;
    bool has_exitcode;
    gint64 exitcode;
    bool has_signal;
    gint64 signal;
} ExecFinished;

/* For the family whose program has ended; its list of events names it. */
extern const Event event_exec_finished;
