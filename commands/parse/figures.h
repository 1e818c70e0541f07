/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include <glib.h>

/* A figure of /proc/meminfo, /proc/vmstat or /proc/stat to look for. */
typedef struct {
    const char *name; /* name, without the colon */
    bool found;
    guint64 value; /* in bytes for "12 kB" */
} Figure;

/*
 * Parses the @len bytes of lines "Name: 12 kB" or "name 12" into the @n @figures. Those that are
 * missing or not numbers stay unchanged.
 */
void figures_parse(const char *text, gsize len, Figure *figures, gsize n_figures);
