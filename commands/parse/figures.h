/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stdbool.h>

#include <glib.h>

/* One of the figures of /proc/meminfo, /proc/vmstat or /proc/stat that are wanted. */
typedef struct {
    const char *name; /* without the colon */
    bool found;
    guint64 value; /* of "12 kB": in bytes */
} Figure;

/*
 * Parses the @len bytes of lines "Name: 12 kB" or "name 12" into @figures, where those
 * that are not there, or have no number, stay as they are.
 */
void figures_parse(const char *text, gsize len, Figure *figures, gsize n_figures);
