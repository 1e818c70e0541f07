/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "tests/unit/kit/dispatch-fixture.h"
#include "tests/unit/kit/kit.h"

/* Requests and replies of one host, with commands that wait until they are let go. */

static GPtrArray *names(const char *name)
{
    GPtrArray *list = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(list, g_strdup(name));
    return list;
}

static void test_order(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, ECHO(1) WAIT(2) ECHO(3) "A\n" WAIT(4) "{\"execute\":\"nope\"}" ECHO(5));
    link_expect(f->link, RETURN(1));
    wait_until_waiting(f, 1);
    link_expect_silence(f->link);
    gate_release(&f->gate, 1);
    link_expect(f->link, RETURN(2));
    link_expect(f->link, RETURN(3));
    link_expect(f->link, ERROR("JSON parse error, stray 'A'"));
    wait_until_waiting(f, 1);
    link_expect_silence(f->link);
    release_all(f, 1);
    link_expect(f->link, RETURN(4));
    link_expect(f->link, NOT_FOUND("The command nope has not been found"));
    link_expect(f->link, RETURN(5));
    g_assert_cmpuint(figures(f)->requests, ==, 7);
    g_assert_cmpuint(figures(f)->errors, ==, 2);
    g_assert_cmpuint(figures(f)->voided, ==, 0);
}

static void test_ids(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, "{\"id\":[1,{\"a\":null}],"
                      "\"execute\":\"echo\",\"arguments\":{\"value\":1}}");
    link_expect(f->link, "{\"return\": 1, \"id\": [1, {\"a\": null}]}");
    link_say(f->link, "{\"execute\":\"nope\",\"id\":\"\\u00e9\"}");
    link_expect(f->link, "{\"id\": \"\\u00E9\", \"error\": {\"class\": \"CommandNotFound\", "
                         "\"desc\": \"The command nope has not been found\"}}");
    link_say(f->link, "{\"execute\":\"fail\",\"id\":0.5}");
    link_expect(f->link, "{\"id\": 0.5, \"error\": {\"class\": \"GenericError\", "
                         "\"desc\": \"it failed\"}}");
    link_say(f->link, "{\"id\":null}");
    link_expect(f->link, "{\"id\": null, \"error\": {\"class\": \"GenericError\", "
                         "\"desc\": \"QMP input lacks member 'execute'\"}}");
}

static void test_errors(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, "{\"execute\":\"fail\"}");
    link_expect(f->link, ERROR("it failed"));
    link_say(f->link, "{\"execute\":\"fail-silently\"}");
    link_expect(f->link, ERROR("fail-silently failed (no reason reported)"));
    link_say(f->link, "{\"execute\":\"echo\"}");
    link_expect(f->link, ERROR("Parameter 'value' is missing"));
    link_say(f->link, "{\"execute\":\"fail\",\"arguments\":{\"x\":1}}");
    link_expect(f->link, ERROR("Parameter 'x' is unexpected"));
    link_say(f->link, "[1]{\"execute\":1}");
    link_expect(f->link, ERROR("QMP input must be a JSON object"));
    link_expect(f->link, ERROR("QMP input member 'execute' must be a string"));
    g_assert_cmpuint(figures(f)->errors, ==, 6);
}

static void test_no_success_reply(Fixture *f, gconstpointer data)
{
    (void)data;
    link_say(f->link, "{\"execute\":\"quiet\",\"arguments\":{\"fail\":false},\"id\":1}" ECHO(1)
                      "{\"execute\":\"quiet\",\"arguments\":{\"fail\":true},\"id\":2}" ECHO(2));
    link_expect(f->link, RETURN(1));
    link_expect(f->link, "{\"id\": 2, \"error\": {\"class\": \"GenericError\", "
                         "\"desc\": \"not quiet\"}}");
    link_expect(f->link, RETURN(2));
}

static void test_two_hosts(Fixture *f, gconstpointer data)
{
    Link *other = link_new("other", &dispatch_events, f->dispatch);

    (void)data;
    link_say(f->link, WAIT(1) ECHO(2));
    wait_until_waiting(f, 1);
    link_say(other, ECHO(3) SYNC(4));
    link_expect(other, RETURN(3));
    link_expect(other, RETURN(4));
    release_all(f, 1);
    link_expect(f->link, RETURN(1));
    link_expect(f->link, RETURN(2));
    g_assert_cmpuint(figures(f)->connections, ==, 2);
    link_free(other);
}

static void test_closed_while_running(Fixture *f, gconstpointer data)
{
    g_autofree char *log = NULL;

    (void)data;
    link_say(f->link, WAIT(1) ECHO(2) WAIT(3));
    wait_until_waiting(f, 1);
    link_hang_up(f->link);
    g_assert_cmpuint(figures(f)->connections, ==, 0);
    g_assert_cmpuint(figures(f)->voided, ==, 3);
    gate_release(&f->gate, 2);
    WAIT_UNTIL(gate_released(&f->gate) == 2 && figures(f)->running == 0);
    g_assert_cmpint(f->gate.echoed, ==, 1);
    log = kit_take_log();
    g_assert_nonnull(strstr(log, "audit: wait value=1 from host: done in "));
    g_assert_nonnull(strstr(log, "audit: wait value=3 from host: done in "));
}

/* More requests than may wait: the host is held back, and every one is answered. */
static void test_pipeline(Fixture *f, gconstpointer data)
{
    const guint n = 3000;

    (void)data;
    link_say(f->link, WAIT(0));
    wait_until_waiting(f, 1);
    for (guint i = 1; i <= n; i++)
        link_sayf(f->link, "{\"execute\":\"echo\",\"arguments\":{\"value\":%u}}", i);
    kit_run_ready();
    g_assert_false(conn_may_read(link_conn(f->link)));
    g_assert_cmpuint(figures(f)->requests, ==, 1025);
    gate_release(&f->gate, 1);
    for (guint i = 0; i <= n; i++) {
        g_autofree char *wanted = g_strdup_printf("{\"return\": %u}", i);

        link_expect(f->link, wanted);
    }
    g_assert_true(conn_may_read(link_conn(f->link)));
}

/* Large requests are held back by their bytes. */
static void test_waiting_bytes(Fixture *f, gconstpointer data)
{
    const gsize size = 20 * 1024 * 1024;
    g_autofree char *text = g_strnfill(size, 'x');

    (void)data;
    link_say(f->link, WAIT(0));
    wait_until_waiting(f, 1);
    for (guint i = 0; i < 4; i++)
        link_sayf(f->link, "{\"execute\":\"length\",\"arguments\":{\"text\":\"%s\"}}", text);
    WAIT_UNTIL(figures(f)->requests == 5);
    g_assert_false(conn_may_read(link_conn(f->link)));
    gate_release(&f->gate, 1);
    link_expect(f->link, RETURN(0));
    for (guint i = 0; i < 4; i++)
        link_expect(f->link, RETURN(20971520));
}

/* A host that does not read is not worked for; when it reads, all is there. */
static void test_congestion(Fixture *f, gconstpointer data)
{
    const guint n = 30;

    (void)data;
    link_listen(f->link, FALSE);
    for (guint i = 0; i < n; i++)
        link_say(f->link, "{\"execute\":\"spaces\",\"arguments\":{\"value\":300000}}");
    link_say(f->link, ECHO(1));
    kit_run_ready();
    g_assert_true(conn_congested(link_conn(f->link)));
    g_assert_cmpint(f->gate.spaced, <, 10);
    link_listen(f->link, TRUE);
    for (guint i = 0; i < n; i++) {
        g_autofree char *line = link_take(f->link);

        g_assert_cmpuint(strlen(line), ==, 300000 + strlen("{\"return\": \"\"}"));
    }
    link_expect(f->link, RETURN(1));
    g_assert_cmpint(f->gate.spaced, ==, n);
}

static void test_disabled(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) blocked = names("echo");
    const Command *echo = command_set_find(f->set, "echo")->command;

    (void)data;
    f->settings.block_rpcs = blocked;
    g_assert_false(dispatch_allows(f->dispatch, echo));
    /* Disabled goes before wrong. */
    link_say(f->link, "{\"execute\":\"echo\"}" SYNC(1));
    link_expect(f->link, DISABLED("echo"));
    link_expect(f->link, RETURN(1));
    f->settings.block_rpcs = NULL;
    link_say(f->link, ECHO(1));
    link_expect(f->link, RETURN(1));
}

static void test_frozen(Fixture *f, gconstpointer data)
{
    g_autoptr(GPtrArray) blocked = names("sync");

    (void)data;
    f->settings.block_rpcs = blocked;
    dispatch_set_frozen(f->dispatch, TRUE);
    link_say(f->link, ECHO(1) SYNC(2) WAIT(3));
    link_expect(f->link, DISABLED("echo"));
    link_expect(f->link, RETURN(2));
    link_expect(f->link, DISABLED("wait"));
    dispatch_set_frozen(f->dispatch, FALSE);
    link_say(f->link, ECHO(1) SYNC(2));
    link_expect(f->link, RETURN(1));
    link_expect(f->link, DISABLED("sync"));
}

static void test_audit(Fixture *f, gconstpointer data)
{
    g_autofree char *log = NULL;

    (void)data;
    link_say(f->link, "{\"execute\":\"quiet\",\"arguments\":{\"fail\":true}}"
                      "{\"execute\":\"quiet\"}" ECHO(1));
    g_free(link_take(f->link));
    g_free(link_take(f->link));
    link_expect(f->link, RETURN(1));
    log = kit_take_log();
    g_assert_nonnull(strstr(log, "audit: quiet from host: failed: not quiet in "));
    g_assert_nonnull(strstr(log, "audit: quiet from host: failed: Parameter 'fail' is missing"));
    g_assert_null(strstr(log, "echo"));
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*func)(Fixture *f, gconstpointer data);
    } tests[] = {
        { "/dispatch/order", test_order },
        { "/dispatch/ids", test_ids },
        { "/dispatch/errors", test_errors },
        { "/dispatch/no-success-reply", test_no_success_reply },
        { "/dispatch/two-hosts", test_two_hosts },
        { "/dispatch/closed-while-running", test_closed_while_running },
        { "/dispatch/pipeline", test_pipeline },
        { "/dispatch/waiting-bytes", test_waiting_bytes },
        { "/dispatch/congestion", test_congestion },
        { "/dispatch/disabled", test_disabled },
        { "/dispatch/frozen", test_frozen },
        { "/dispatch/audit", test_audit },
    };

    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    for (gsize i = 0; i < G_N_ELEMENTS(tests); i++)
        g_test_add(tests[i].path, Fixture, NULL, fixture_set_up, tests[i].func,
                   fixture_tear_down);
    return g_test_run();
}
