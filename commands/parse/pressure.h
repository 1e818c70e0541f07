/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include <glib.h>

/* A line of /proc/pressure/: the share of time, in percent, that tasks were stalled. */
typedef struct {
    double avg10, avg60, avg300; /* over so many seconds */
    guint64 total_us;            /* since the start */
} Stall;

typedef struct {
    bool has_some, has_full;
    Stall some; /* at least one task */
    Stall full; /* all of them at once */
} Pressure;

/* Parses the @len bytes of one of the files; lines that are incomplete are absent. */
void pressure_parse(const char *text, gsize len, Pressure *pressure);
