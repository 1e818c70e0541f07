/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "lib/errors.h"
#include "tests/unit/kit/dispatch-fixture.h"
#include "tests/unit/kit/kit.h"

/* Commands that answer later, from the main loop. */

#define LATER(n) "{\"execute\":\"later\",\"arguments\":{\"value\":" #n "}}"

static Call *take_later(Fixture *f)
{
    WAIT_UNTIL(f->gate.later != NULL);
    return g_steal_pointer(&f->gate.later);
}

static void complete(Call *call, gint64 value)
{
    *(gint64 *)call->result = value;
    call->services->complete(call, NULL);
}

/* Requests behind it wait for their turn; those of others do not. */
static void test_order(Fixture *f, gconstpointer data)
{
    Link *other = link_new("other", &dispatch_events, f->dispatch);
    Call *call;

    (void)data;
    link_say(f->link, LATER(1) ECHO(2));
    call = take_later(f);
    link_say(other, ECHO(3));
    link_expect(other, RETURN(3));
    link_expect_silence(f->link);
    complete(call, 11);
    link_expect(f->link, RETURN(11));
    link_expect(f->link, RETURN(2));
    g_assert_cmpuint(figures(f)->running, ==, 0);
    link_free(other);
    g_free(kit_take_log());
}

static void test_error(Fixture *f, gconstpointer data)
{
    GError *error = NULL;
    g_autofree char *log = NULL;

    (void)data;
    link_say(f->link, LATER(1) ECHO(2));
    set_error(&error, "too late");
    dispatch_complete(take_later(f), error);
    link_expect(f->link, ERROR("too late"));
    link_expect(f->link, RETURN(2));
    g_assert_cmpuint(figures(f)->errors, ==, 1);
    log = kit_take_log();
    g_assert_true(g_str_has_prefix(log, "audit: later value=1 from host: "));
}

/* A barrier does not wait for it, and what it says later is not heard. */
static void test_barrier(Fixture *f, gconstpointer data)
{
    Call *call;

    (void)data;
    link_say(f->link, LATER(1) ECHO(2));
    call = take_later(f);
    link_say(f->link, SYNC(3));
    link_expect(f->link, RETURN(3));
    g_assert_cmpint(f->gate.echoed, ==, 0);
    complete(call, 11);
    g_assert_cmpint(f->gate.echoed, ==, 1);
    link_expect_silence(f->link);
    g_free(kit_take_log());
}

/* One that wants to know is told that nobody listens any more. */
static void test_abandoned(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, LATER(-1) ECHO(2));
    take_later(f);
    link_say(f->link, SYNC(3));
    link_expect(f->link, RETURN(3));
    g_assert_cmpint(f->gate.abandoned, ==, 1);
    g_assert_cmpint(f->gate.echoed, ==, 1);
    link_expect_silence(f->link);
    g_free(kit_take_log());
}

static void test_host_leaves(Fixture *f, gconstpointer data)
{
    Link *other = link_new("other", &dispatch_events, f->dispatch);
    Link *third = link_new("third", &dispatch_events, f->dispatch);
    Call *call;

    (void)data;
    link_say(other, LATER(-1));
    take_later(f);
    link_free(other);
    g_assert_cmpint(f->gate.abandoned, ==, 1);
    link_say(third, LATER(1));
    call = take_later(f);
    link_free(third);
    complete(call, 1);
    g_free(kit_take_log());
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/deferred/order", test_order },
        { "/deferred/error", test_error },
        { "/deferred/barrier", test_barrier },
        { "/deferred/abandoned", test_abandoned },
        { "/deferred/host-leaves", test_host_leaves },
    };

    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, fixture_set_up, tests[i].func,
                   fixture_tear_down);
    return g_test_run();
}
