/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include <glib.h>

/*
 * A line of /proc/pressure/: the share of time, in percent, for which tasks were stalled (the
 * kernel's accounting/psi.rst, Linux 4.20).
 */
typedef struct {
    double avg10, avg60, avg300; /* over the last 10, 60 and 300 seconds */
    guint64 total_us;            /* since boot */
} Stall;

typedef struct {
    bool has_some, has_full;
    Stall some; /* at least one task */
    Stall full; /* all tasks at the same time */
} Pressure;

/* Parses the @len bytes of one of the files into @pressure. Incomplete lines are absent. */
void pressure_parse(const char *text, gsize len, Pressure *pressure);
