/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/stall.h"

/*
 * Says on standard error how far something is: a bar on a terminal, else a line for each
 * tenth. Rate and remaining time follow from what was told. Work that stalls is reported, too.
 */
typedef struct {
    const char *what; /* such as "vm1: backup" */
    gboolean quiet;   /* nothing but stalls */
    gboolean terminal;
    gint64 began;
    int tenth; /* told last */
    Stall stall; /* its more_s is the caller's */
} Progress;

void progress_begin(Progress *progress, const char *what, gboolean quiet);
void progress_update(Progress *progress, gint64 done, gint64 total);
void progress_end(Progress *progress); /* the terminal's line is free again */
