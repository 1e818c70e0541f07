/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/retention.h"

gboolean retention_is_set(const Retention *rules)
{
    return rules->last > 0 || rules->daily > 0 || rules->weekly > 0 || rules->monthly > 0;
}

static void add_reason(GPtrArray *reasons, guint index, const char *name, const char *period)
{
    char *before = reasons->pdata[index];

    reasons->pdata[index] = g_strconcat(before ? before : "", before ? ", " : "", name,
                                        period ? " " : "", period ? period : "", NULL);
    g_free(before);
}

/* The newest of each of @count periods, which differ in their text by @format. */
static void keep_periods(GPtrArray *reasons, const gint64 *times, GTimeZone *zone, gint64 count,
                         const char *name, const char *format)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

    for (guint i = reasons->len; i-- > 0 && g_hash_table_size(seen) < count;) {
        g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(times[i] / G_USEC_PER_SEC);
        g_autoptr(GDateTime) local = utc ? g_date_time_to_timezone(utc, zone) : NULL;
        g_autofree char *period = local ? g_date_time_format(local, format) : NULL;

        if (!period || g_hash_table_contains(seen, period))
            continue;
        add_reason(reasons, i, name, period);
        g_hash_table_add(seen, g_steal_pointer(&period));
    }
}

GPtrArray *retention_choose(const Retention *rules, const gint64 *times, guint n, GTimeZone *zone)
{
    GPtrArray *reasons = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_set_size(reasons, (gint)n);
    for (guint i = n; i-- > 0 && n - i <= rules->last;)
        add_reason(reasons, i, "last", NULL);
    keep_periods(reasons, times, zone, rules->daily, "daily", "%Y-%m-%d");
    keep_periods(reasons, times, zone, rules->weekly, "weekly", "%G-W%V");
    keep_periods(reasons, times, zone, rules->monthly, "monthly", "%Y-%m");
    return reasons;
}
