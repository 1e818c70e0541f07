/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* One figure of guestd-metrics, and what it is called for Prometheus. */
typedef struct {
    const char *family; /* rows of the same family stand one after the other */
    const char *type;   /* "gauge" or "counter" */
    const char *help;   /* in the family's first row */
    const char *path;   /* objects it is in, such as "pressure.cpu"; a list: each of its items */
    const char *member; /* NULL: guestctl's own */
    double scale;
    const char *label;  /* one more, with this... */
    const char *label_value; /* ...value */
} FigureRow;

/* Ends with a row without a family. */
extern const FigureRow figure_rows[];

/* Which members of a list's items become labels. */
typedef struct {
    const char *path;
    struct {
        const char *member, *label;
    } labels[4];
} FigureList;

/* Ends with one without a path. */
extern const FigureList figure_lists[];
