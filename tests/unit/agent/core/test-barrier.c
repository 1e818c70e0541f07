/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tests/unit/kit/dispatch-fixture.h"
#include "tests/unit/kit/kit.h"

/* guest-sync, the barrier: answered at once, and all that came before it goes unanswered. */

static GPtrArray *names(const char *name)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(list, g_strdup(name));
    return list;
}

static void test_delimited(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, "{\"execute\":\"sync-delimited\"}"
                      "{\"execute\":\"sync-delimited\",\"arguments\":{\"value\":3}}" ECHO(1));
    link_expect(f->link, ERROR("Parameter 'value' is missing"));
    link_expect(f->link, "\xFF" RETURN(3));
    link_expect(f->link, RETURN(1));
}

/* Answered at once; the work goes on, is audited, and nobody hears of it. */
static void test_barrier(Fixture *f, gconstpointer data)
{
    g_autofree char *log = NULL;

    (void)data;
    link_say(f->link, WAIT(1) SYNC(5));
    link_expect(f->link, RETURN(5));
    wait_until_waiting(f, 1);
    g_assert_cmpuint(figures(f)->running, ==, 1);
    g_assert_cmpuint(figures(f)->voided, ==, 1);
    link_say(f->link, ECHO(6));
    link_expect(f->link, RETURN(6));
    release_all(f, 1);
    link_expect_silence(f->link);
    link_say(f->link, ECHO(7));
    link_expect(f->link, RETURN(7));
    log = kit_take_log();
    g_assert_true(g_str_has_prefix(log, "audit: wait value=1 from host: done in "));
}

/* What waited behind the running command is worked on all the same. */
static void test_barrier_queue(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, WAIT(1) ECHO(2) WAIT(3) ECHO(4) SYNC(5) ECHO(6));
    link_expect(f->link, RETURN(5));
    link_expect(f->link, RETURN(6));
    g_assert_cmpuint(figures(f)->voided, ==, 4);
    wait_until_waiting(f, 1);
    gate_release(&f->gate, 2);
    WAIT_UNTIL(f->gate.echoed == 3);
    WAIT_UNTIL(figures(f)->running == 0);
    link_expect_silence(f->link);
    g_assert_cmpint(gate_released(&f->gate), ==, 2);
}

static void test_several_barriers(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, WAIT(1) SYNC(1) WAIT(2) ECHO(2) SYNC(2) WAIT(3) SYNC(3) SYNC(4) ECHO(5));
    link_expect(f->link, RETURN(1));
    link_expect(f->link, RETURN(2));
    link_expect(f->link, RETURN(3));
    link_expect(f->link, RETURN(4));
    link_expect(f->link, RETURN(5));
    wait_until_waiting(f, 3);
    g_assert_cmpuint(figures(f)->running, ==, 3);
    g_assert_cmpuint(figures(f)->voided, ==, 4);
    release_all(f, 3);
    link_expect_silence(f->link);
}

/* A guest-sync that is at fault is no barrier: it is answered in its turn. */
static void test_faulty_barrier(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, WAIT(1) "{\"execute\":\"sync\"}" ECHO(2));
    wait_until_waiting(f, 1);
    link_expect_silence(f->link);
    release_all(f, 1);
    link_expect(f->link, RETURN(1));
    link_expect(f->link, ERROR("Parameter 'value' is missing"));
    link_expect(f->link, RETURN(2));
    g_assert_cmpuint(figures(f)->voided, ==, 0);
}

/* Replies that were complete before it stay. */
static void test_idle_barrier(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, ECHO(1) SYNC(2) ECHO(3));
    link_expect(f->link, RETURN(1));
    link_expect(f->link, RETURN(2));
    link_expect(f->link, RETURN(3));
    g_assert_cmpuint(figures(f)->voided, ==, 0);
}

/* A barrier that is disabled voids nothing. */
static void test_disabled_barrier(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) blocked = names("sync");

    (void)data;
    f->settings.block_rpcs = blocked;
    link_say(f->link, WAIT(1) SYNC(2));
    wait_until_waiting(f, 1);
    link_expect_silence(f->link);
    release_all(f, 1);
    link_expect(f->link, RETURN(1));
    link_expect(f->link, DISABLED("sync"));
    f->settings.block_rpcs = NULL;
}

/* One connection can get so many to run only by giving up on them one by one. */
static void test_too_many_workers(Fixture *f, gconstpointer data)
{
    const guint max = 64;

    (void)data;
    for (guint i = 0; i < max; i++)
        link_say(f->link, WAIT(1) SYNC(1));
    for (guint i = 0; i < max; i++)
        link_expect(f->link, RETURN(1));
    wait_until_waiting(f, max);
    link_say(f->link, WAIT(2) ECHO(3));
    link_expect(f->link, ERROR("wait: 64 commands are still running; try again later"));
    link_expect(f->link, RETURN(3));
    release_all(f, max);
    link_say(f->link, WAIT(4));
    wait_until_waiting(f, 1);
    release_all(f, 1);
    link_expect(f->link, RETURN(4));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/barrier/delimited", test_delimited },
        { "/barrier/running", test_barrier },
        { "/barrier/queue", test_barrier_queue },
        { "/barrier/several", test_several_barriers },
        { "/barrier/faulty", test_faulty_barrier },
        { "/barrier/idle", test_idle_barrier },
        { "/barrier/disabled", test_disabled_barrier },
        { "/barrier/too-many-workers", test_too_many_workers },
    };

    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, fixture_set_up, tests[i].func,
                   fixture_tear_down);
    return g_test_run();
}
