/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/* How many to keep of each kind; 0: the rule keeps none. A backup stays if any rule keeps it. */
typedef struct {
    gint64 last;    /* the newest ones */
    gint64 daily;   /* the newest one of each of so many days that have any */
    gint64 weekly;  /* the same of weeks of ISO 8601, which begin on Monday */
    gint64 monthly; /* the same of calendar months */
} Retention;

/* Whether any rule is set. */
gboolean retention_is_set(const Retention *rules);

/*
 * What @rules keep of backups made at @times (Unix microseconds, the oldest first), with the days of
 * @zone. A new array of @n texts, each why the backup stays, such as "last, weekly 2026-W01", or
 * NULL: no rule keeps it. The array and its texts are the caller's.
 */
GPtrArray *retention_choose(const Retention *rules, const gint64 *times, guint n, GTimeZone *zone);
