/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/retention.h"

/* What is kept of backups at @times, ISO 8601 with a zone, with the days of @zone. */
static void check(const Retention *rules, const char *zone, const char *const *times,
                  const char *const *wanted)
{
    g_autoptr(GTimeZone) local = g_time_zone_new_identifier(zone);
    g_autoptr(GPtrArray) reasons = NULL;
    guint n = g_strv_length((char **)times);
    g_autofree gint64 *stamps = g_new0(gint64, n + 1);

    g_assert_nonnull(local);
    for (guint i = 0; i < n; i++) {
        g_autoptr(GDateTime) time = g_date_time_new_from_iso8601(times[i], NULL);

        stamps[i] = g_date_time_to_unix(time) * G_USEC_PER_SEC;
    }
    reasons = retention_choose(rules, stamps, n, local);
    g_assert_cmpuint(reasons->len, ==, n);
    for (guint i = 0; i < n; i++)
        g_assert_cmpstr(reasons->pdata[i], ==, wanted[i]);
}

static void test_last(void)
{
    const char *const times[] = { "2026-01-01T10:00:00Z", "2026-01-01T11:00:00Z",
                                  "2026-01-01T12:00:00Z", NULL };

    check(&(Retention){ .last = 2 }, "UTC", times, (const char *[]){ NULL, "last", "last" });
    check(&(Retention){ .last = 9 }, "UTC", times, (const char *[]){ "last", "last", "last" });
    check(&(Retention){ .last = 1 }, "UTC", (const char *[]){ NULL }, NULL);
}

static void test_daily(void)
{
    const char *const times[] = { "2026-01-01T10:00:00Z", "2026-01-03T01:00:00Z",
                                  "2026-01-03T23:00:00Z", "2026-01-09T12:00:00Z", NULL };

    check(&(Retention){ .daily = 2 }, "UTC", times,
          (const char *[]){ NULL, NULL, "daily 2026-01-03", "daily 2026-01-09" });
}

static void test_zone(void)
{
    const char *const times[] = { "2026-01-01T21:30:00Z", "2026-01-01T22:30:00Z",
                                  "2026-01-01T23:30:00Z", NULL };

    check(&(Retention){ .daily = 3 }, "UTC", times,
          (const char *[]){ NULL, NULL, "daily 2026-01-01" });
    check(&(Retention){ .daily = 3 }, "+01:00", times,
          (const char *[]){ NULL, "daily 2026-01-01", "daily 2026-01-02" });
}

static void test_weekly(void)
{
    /* Monday 2024-12-30 to Sunday 2025-01-05 are one week of ISO 8601. */
    const char *const times[] = { "2024-12-29T12:00:00Z", "2024-12-30T12:00:00Z",
                                  "2025-01-05T12:00:00Z", "2025-01-06T12:00:00Z", NULL };

    check(&(Retention){ .weekly = 3 }, "UTC", times,
          (const char *[]){ "weekly 2024-W52", NULL, "weekly 2025-W01", "weekly 2025-W02" });
}

static void test_monthly(void)
{
    const char *const times[] = { "2025-01-31T12:00:00Z", "2026-01-01T12:00:00Z",
                                  "2026-01-31T12:00:00Z", "2026-02-01T12:00:00Z", NULL };

    check(&(Retention){ .monthly = 3 }, "UTC", times,
          (const char *[]){ "monthly 2025-01", NULL, "monthly 2026-01", "monthly 2026-02" });
}

static void test_union(void)
{
    const char *const times[] = { "2026-01-30T12:00:00Z", "2026-01-31T12:00:00Z",
                                  "2026-02-01T12:00:00Z", "2026-02-01T13:00:00Z", NULL };

    check(&(Retention){ .last = 2, .daily = 2, .monthly = 1 }, "UTC", times,
          (const char *[]){ NULL, "daily 2026-01-31", "last",
                            "last, daily 2026-02-01, monthly 2026-02" });
}

static void test_clock_set_back(void)
{
    const char *const times[] = { "2026-01-02T12:00:00Z", "2026-01-01T12:00:00Z",
                                  "2026-01-02T13:00:00Z", NULL };

    check(&(Retention){ .daily = 3 }, "UTC", times,
          (const char *[]){ NULL, "daily 2026-01-01", "daily 2026-01-02" });
}

static void test_none(void)
{
    g_assert_false(retention_is_set(&(Retention){ 0 }));
    g_assert_true(retention_is_set(&(Retention){ .weekly = 1 }));
    check(&(Retention){ 0 }, "UTC", (const char *[]){ "2026-01-02T12:00:00Z", NULL },
          (const char *[]){ NULL });
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/retention/keep-last -> the newest ones", test_last);
    g_test_add_func("/retention/keep-daily -> the newest of each day that has any", test_daily);
    g_test_add_func("/retention/time zone -> days begin at local midnight", test_zone);
    g_test_add_func("/retention/keep-weekly at a year's end -> weeks of ISO 8601", test_weekly);
    g_test_add_func("/retention/keep-monthly -> months of different years differ", test_monthly);
    g_test_add_func("/retention/several rules -> what any of them keeps", test_union);
    g_test_add_func("/retention/clock set back -> one backup a day all the same",
                    test_clock_set_back);
    g_test_add_func("/retention/no rule -> nothing is kept", test_none);
    return g_test_run();
}
