/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>
#include <utmpx.h>

#include "commands/parse/diskstats.h"
#include "commands/parse/lines.h"
#include "commands/parse/os-release.h"
#include "commands/parse/proc-stat.h"
#include "commands/parse/utmp.h"
#include "tests/unit/kit/kit.h"

/* The parsers without input of their own. */

static void test_lines(void)
{
    static const char text[] = "a b\n\n\tc\t d \nlast";
    Piece rest = { text, strlen(text) };
    Piece line, word;

    g_assert_true(next_line(&rest, &line));
    g_assert_true(piece_equal(&line, "a b"));
    g_assert_true(next_word(&line, &word) && piece_equal(&word, "a"));
    g_assert_true(next_word(&line, &word) && piece_equal(&word, "b"));
    g_assert_false(next_word(&line, &word));
    g_assert_true(next_line(&rest, &line));
    g_assert_true(piece_equal(&line, ""));
    g_assert_false(next_word(&line, &word));
    g_assert_true(next_line(&rest, &line));
    g_assert_true(next_word(&line, &word) && piece_equal(&word, "c"));
    g_assert_false(piece_equal(&word, "cc") || piece_equal(&word, ""));
    g_assert_true(next_word(&line, &word) && piece_equal(&word, "d"));
    g_assert_false(next_word(&line, &word));
    g_assert_true(next_line(&rest, &line) && piece_equal(&line, "last"));
    g_assert_false(next_line(&rest, &line));
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        gboolean ok;
        guint64 value;
    } numbers[] = {
        { "0", TRUE, 0 },
        { "007", TRUE, 7 },
        { "18446744073709551615", TRUE, G_MAXUINT64 },
        { "18446744073709551616", FALSE, 0 },
        { "99999999999999999999999", FALSE, 0 },
        { "", FALSE, 0 },
        { "-1", FALSE, 0 },
        { "+1", FALSE, 0 },
        { "1x", FALSE, 0 },
        { "0x1", FALSE, 0 },
        { " 1", FALSE, 0 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(numbers); i++) {
        Piece piece = { numbers[i].text, strlen(numbers[i].text) };
        guint64 value = 0;

        g_assert_cmpint(piece_to_uint64(&piece, &value), ==, numbers[i].ok);
        if (numbers[i].ok)
            g_assert_cmpuint(value, ==, numbers[i].value);
    }
}

static void parse_release(const char *text, Arena *arena, OsRelease *release)
{
    g_autofree char *copy = g_memdup2(text, strlen(text));

    os_release_parse(copy, strlen(text), arena, release);
}

static void test_os_release(void)
{
    g_autoptr(Arena) arena = arena_new();
    OsRelease r;

    parse_release("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\n"
                  "VERSION_ID=\"12\"\nVERSION=\"12 (bookworm)\"\nID=debian\n# ID=x\n\n"
                  "HOME_URL=\"https://www.debian.org/\"\n",
                  arena, &r);
    g_assert_cmpstr(r.pretty_name, ==, "Debian GNU/Linux 12 (bookworm)");
    g_assert_cmpstr(r.name, ==, "Debian GNU/Linux");
    g_assert_cmpstr(r.version_id, ==, "12");
    g_assert_cmpstr(r.version, ==, "12 (bookworm)");
    g_assert_cmpstr(r.id, ==, "debian");
    g_assert_null(r.variant);
    g_assert_null(r.variant_id);
    parse_release("", arena, &r);
    g_assert_null(r.id);
}

static void test_os_release_quotes(void)
{
    static const char *const values[][2] = {
        { "plain", "plain" },
        { "", "" },
        { "two words", "two" },
        { "a;b", "a" },
        { "\"a b;c\"", "a b;c" },
        { "\"\"", "" },
        { "\"a\\\"b\\\\c\\$d\\`e\\'f\\ng\"", "a\"b\\c$d`e'f\\ng" },
        { "\"open", "open" },
        { "\"end\" # comment", "end" },
        { "\"backslash\\", "backslash\\" },
        { "'a \\\" $b'", "a \\\" $b" },
        { "'open", "open" },
        { "'a' b", "a" },
        { "   spaced\t", "spaced" },
        { "a=b", "a=b" },
        { "\xC3\xA9", "\xC3\xA9" },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(values); i++) {
        g_autoptr(Arena) arena = arena_new();
        g_autofree char *text = g_strdup_printf("ID=old\nID=%s\nNAME=n", values[i][0]);
        OsRelease r;

        parse_release(text, arena, &r);
        g_assert_cmpstr(r.id, ==, values[i][1]);
        g_assert_cmpstr(r.name, ==, "n");
    }
}

static void test_proc_stat(void)
{
    static const char text[] = "cpu  9 9 9 9 9 9 9 9 9 9\n"
                               "cpu0 1 2 3 4 5 6 7 8 9 10\n"
                               "cpu3 100 0 0 1000\n"
                               "cpu4 1 2 3\n"
                               "cpux 1 2 3 4\n"
                               "cpu12 1 2 3 4 5 6 7 8 9 10 11 12\n"
                               "intr 1 2 3 4 5\n";
    g_autoptr(Arena) arena = arena_new();
    List cpus = { NULL };
    const CpuTimes *t;

    proc_stat_parse(text, strlen(text), 250, &cpus, arena);
    g_assert_cmpuint(cpus.len, ==, 3);
    t = list_at(&cpus, CpuTimes, 0);
    g_assert_cmpint(t->cpu, ==, 0);
    g_assert_cmpuint(t->user, ==, 4);
    g_assert_cmpuint(t->guest_nice, ==, 40);
    g_assert_true(t->has_iowait && t->has_irq && t->has_softirq && t->has_steal && t->has_guest &&
                  t->has_guest_nice);
    t = list_at(&cpus, CpuTimes, 1);
    g_assert_cmpint(t->cpu, ==, 3);
    g_assert_cmpuint(t->idle, ==, 4000);
    g_assert_false(t->has_iowait || t->has_guest_nice);
    t = list_at(&cpus, CpuTimes, 2);
    g_assert_cmpint(t->cpu, ==, 12);
    g_assert_true(t->has_guest_nice);
}

/* Integer division, as in QEMU. */
static void test_proc_stat_rounding(void)
{
    g_autoptr(Arena) arena = arena_new();
    List cpus = { NULL };

    proc_stat_parse("cpu0 1 2 3 4", 12, 300, &cpus, arena);
    g_assert_cmpuint(list_at(&cpus, CpuTimes, 0)->user, ==, 3);
    g_assert_cmpuint(list_at(&cpus, CpuTimes, 0)->idle, ==, 13);
}

static guint counted(const DiskStats *disk)
{
    guint n = 0;

    for (gsize i = 0; i < DISK_N_COUNTERS; i++)
        n += disk->stats.has_counter[i];
    return n;
}

static void test_diskstats(void)
{
    static const struct {
        const char *line;
        int counters; /* -1: no disk */
    } lines[] = {
        { "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17", 17 },
        { "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18", 17 },
        { "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16", 15 },
        { "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15", 15 },
        { "8 0 sda 1 2 3 4 5 6 7 8 9 10 11 12 13 14", 11 },
        { "8 0 sda 1 2 3 4 5 6 7 8 9 10 11", 11 },
        { "8 0 sda 1 2 3 4 5 6 7 8 9 10", 0 },
        { "8 0 sda 1 2 3 4", 4 },
        { "8 0 sda 1 2 3 4 5", 0 },
        { "8 0 sda 1 2 3", -1 },
        { "8 0 sda", -1 },
        { "8 0", -1 },
        { "", -1 },
        { "x 0 sda 1 2 3 4", -1 },
    };

    for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_autoptr(Arena) arena = arena_new();
        List disks = { NULL };

        diskstats_parse(lines[i].line, strlen(lines[i].line), &disks, arena);
        g_assert_cmpuint(disks.len, ==, lines[i].counters >= 0);
        if (lines[i].counters >= 0)
            g_assert_cmpint((int)counted(list_at(&disks, DiskStats, 0)), ==, lines[i].counters);
    }
}

static void test_diskstats_values(void)
{
    static const char text[] = " 253       1 vda1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n"
                               "   3    64 hdb1 35486 38030 38031 38032\n";
    g_autoptr(Arena) arena = arena_new();
    List disks = { NULL };
    const DiskStats *disk;

    diskstats_parse(text, strlen(text), &disks, arena);
    g_assert_cmpuint(disks.len, ==, 2);
    disk = list_at(&disks, DiskStats, 0);
    g_assert_cmpstr(disk->name, ==, "vda1");
    g_assert_cmpuint(disk->major, ==, 253);
    g_assert_cmpuint(disk->minor, ==, 1);
    for (gsize i = 0; i < DISK_N_COUNTERS; i++)
        g_assert_cmpuint(disk->stats.counter[i], ==, i + 1);
    disk = list_at(&disks, DiskStats, 1);
    g_assert_cmpuint(disk->stats.counter[DISK_READ_IOS], ==, 35486);
    g_assert_cmpuint(disk->stats.counter[DISK_READ_SECTORS], ==, 38030);
    g_assert_cmpuint(disk->stats.counter[DISK_WRITE_IOS], ==, 38031);
    g_assert_cmpuint(disk->stats.counter[DISK_WRITE_SECTORS], ==, 38032);
    g_assert_false(disk->stats.has_counter[DISK_READ_MERGES]);
}

static struct utmpx record(short type, const char *user, int seconds, int microseconds)
{
    struct utmpx entry = { .ut_type = type };

    /* A name may fill its field without a NUL. */
    memcpy(entry.ut_user, user, MIN(strlen(user), sizeof entry.ut_user));
    entry.ut_tv.tv_sec = seconds;
    entry.ut_tv.tv_usec = microseconds;
    return entry;
}

static void test_utmp(void)
{
    const struct utmpx records[] = {
        record(BOOT_TIME, "reboot", 1, 0),
        record(USER_PROCESS, "root", 1700000100, 500000),
        record(USER_PROCESS, "ann", 1700000050, 0),
        record(DEAD_PROCESS, "bob", 5, 0),
        record(USER_PROCESS, "root", 1700000000, 250000),
        record(USER_PROCESS, "abcdefghijklmnopqrstuvwxyz012345", 9, 0),
        record(LOGIN_PROCESS, "LOGIN", 5, 0),
        record(USER_PROCESS, "root", 1700000200, 0),
    };
    g_autoptr(Arena) arena = arena_new();
    List users = { NULL };

    /* The last record is cut off. */
    utmp_parse((const char *)records, sizeof records - 1, &users, arena);
    g_assert_cmpuint(users.len, ==, 3);
    g_assert_cmpstr(list_at(&users, LoggedIn, 0)->user, ==, "root");
    g_assert_cmpfloat(list_at(&users, LoggedIn, 0)->login_time, ==, 1700000000.25);
    g_assert_cmpstr(list_at(&users, LoggedIn, 1)->user, ==, "ann");
    g_assert_cmpfloat(list_at(&users, LoggedIn, 1)->login_time, ==, 1700000050);
    g_assert_cmpstr(list_at(&users, LoggedIn, 2)->user, ==, "abcdefghijklmnopqrstuvwxyz012345");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/parse/lines", test_lines);
    g_test_add_func("/parse/numbers", test_numbers);
    g_test_add_func("/parse/os-release/values", test_os_release);
    g_test_add_func("/parse/os-release/quotes", test_os_release_quotes);
    g_test_add_func("/parse/proc-stat/columns", test_proc_stat);
    g_test_add_func("/parse/proc-stat/rounding", test_proc_stat_rounding);
    g_test_add_func("/parse/diskstats/columns", test_diskstats);
    g_test_add_func("/parse/diskstats/values", test_diskstats_values);
    g_test_add_func("/parse/utmp", test_utmp);
    return g_test_run();
}
