/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "agent/core/audit.h"
#include "agent/core/policy.h"
#include "agent/core/trace.h"
#include "lib/errors.h"
#include "tests/unit/kit/kit.h"
#include "tests/unit/kit/sample-types.h"

/* What is logged of a command and its arguments, and which commands may run. */

static const Command sample = { .name = "sample", .args = &sample_type, .returns = &sample_type };
static const Command bare = { .name = "bare" };
static const Command calm = { .name = "calm", .flags = COMMAND_WHILE_FROZEN };

static void test_line(void)
{
    g_autoptr(GError) error = g_error_new_literal(GUESTD_ERROR, GUESTD_ERROR_FAILED, "why not");
    Sample args = { .number = 5, .name = "a\"b\n", .password = "hush", .note = "unsaid" };
    g_autofree char *done = audit_line(&sample, &args, "port", NULL, 1234567);
    g_autofree char *failed = audit_line(&sample, &args, "port", error, 42);
    g_autofree char *misread = audit_line(&sample, NULL, "port", error, 0);
    g_autofree char *plain = audit_line(&bare, NULL, "port", NULL, 999);

    g_assert_cmpstr(done, ==,
                    "audit: sample int=5 name=\"a\\\"b\\n\" from port: done in 1234.567 ms");
    g_assert_cmpstr(failed, ==,
                    "audit: sample int=5 name=\"a\\\"b\\n\" from port: failed: why not "
                    "in 0.042 ms");
    g_assert_cmpstr(misread, ==, "audit: sample from port: failed: why not in 0.000 ms");
    g_assert_cmpstr(plain, ==, "audit: bare from port: done in 0.999 ms");
}

static void test_long_argument(void)
{
    g_autofree char *name = g_strnfill(5000, 'x');
    Sample args = { .number = 5, .name = name };
    g_autofree char *line = audit_line(&sample, &args, "port", NULL, 0);

    g_assert_cmpuint(strlen(line), <, 700);
    g_assert_nonnull(strstr(line, "xxx... from port: done"));
}

/* What the host said must not look like a line of ours. */
static void test_control_characters(void)
{
    g_autoptr(GError) error = g_error_new_literal(GUESTD_ERROR, GUESTD_ERROR_FAILED,
                                                  "no file 'a\nb\x7f'");
    g_autofree char *line = audit_line(&bare, NULL, "port", error, 0);

    g_assert_cmpstr(line, ==,
                    "audit: bare from port: failed: no file 'a\\x0ab\\x7f' in 0.000 ms");
}

static void test_refused_line(void)
{
    g_autoptr(GError) rule = g_error_new_literal(GUESTD_ERROR, GUESTD_ERROR_FORBIDDEN, "why");
    g_autoptr(GError) disabled =
        g_error_new_literal(GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND, "why");
    g_autofree char *first = audit_line(&bare, NULL, "port", rule, 0);
    g_autofree char *second = audit_line(&bare, NULL, "port", disabled, 0);

    g_assert_cmpstr(first, ==, "audit: bare from port: refused: why in 0.000 ms");
    g_assert_cmpstr(second, ==, first);
}

/* The log gets the same line. */
static void test_logged(void)
{
    Sample args = { .number = 5, .name = "n", .password = "hush" };
    g_autofree char *log = NULL;

    g_free(kit_take_log());
    audit(&sample, &args, "port", NULL, 1000);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, "audit: sample int=5 name=\"n\" from port: done in 1.000 ms\n");
}

static void check_traced(const char *message, const Command *command, const char *wanted)
{
    g_autoptr(Arena) arena = arena_new();
    g_autofree char *log = NULL;
    g_autofree char *line = g_strdup_printf("> port %s\n", wanted);
    Request request;

    g_assert_true(envelope_read(kit_value(arena, message), &request, NULL));
    g_free(kit_take_log());
    trace_request("port", &request, command);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, line);
}

static void test_trace_request(void)
{
    check_traced("{'execute':'bare'}", &bare, "{\"execute\": \"bare\"}");
    check_traced("{'execute':'bare','arguments':{},'id':[1]}", &bare,
                 "{\"execute\": \"bare\", \"arguments\": {}, \"id\": [1]}");
    check_traced("{'execute':'bare','arguments':{'x':'hush'}}", &bare,
                 "{\"execute\": \"bare\", \"arguments\": \"***\"}");
    check_traced("{'execute':'nope','arguments':{'x':'hush'}}", NULL,
                 "{\"execute\": \"nope\", \"arguments\": \"***\"}");
    check_traced("{'execute':'sample','arguments':{'int':1,'password':'hush','pass':'hush',"
                 "'rows':[{'token':'hush'}]}}",
                 &sample,
                 "{\"execute\": \"sample\", \"arguments\": {\"int\": 1, \"password\": \"***\", "
                 "\"pass\": \"***\", \"rows\": [{\"token\": \"***\"}]}}");
}

static void test_trace_reply(void)
{
    g_autoptr(GError) error = g_error_new_literal(GUESTD_ERROR, GUESTD_ERROR_FAILED, "why not");
    Sample result = { .number = 5, .name = "n", .password = "hush" };
    g_autofree char *log = NULL;

    g_free(kit_take_log());
    trace_reply("port", &sample, &result, NULL);
    trace_reply("port", &bare, NULL, NULL);
    trace_reply("port", &sample, NULL, error);
    trace_fault("port");
    log = kit_take_log();
    g_assert_cmpstr(log, ==,
                    "< port {\"return\": {\"int\": 5, \"name\": \"n\", \"password\": \"***\"}}\n"
                    "< port {\"return\": {}}\n"
                    "< port {\"error\": {\"class\": \"GenericError\", \"desc\": \"why not\"}}\n"
                    "> port (no request)\n");
}

/* What is long is cut, with a word on how long it was. */
static void test_trace_cut(void)
{
    g_autofree char *name = g_strnfill(5000, 'n');
    g_autofree char *shown = g_strnfill(SCHEMA_MAX_LOGGED, 'n');
    g_autofree char *message = g_strdup_printf(
        "{'execute':'sample','arguments':{'int':1,'name':'%s'}}", name);
    g_autofree char *wanted = g_strdup_printf(
        "{\"execute\": \"sample\", \"arguments\": {\"int\": 1, \"name\": \"%s... 5000 bytes\"}}",
        shown);
    g_autofree char *wanted_reply = g_strdup_printf(
        "< port {\"return\": {\"int\": 5, \"name\": \"%s... 5000 bytes\"}}\n", shown);
    g_autofree char *log = NULL;
    Sample result = { .number = 5, .name = name };

    check_traced(message, &sample, wanted);
    trace_reply("port", &sample, &result, NULL);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, wanted_reply);
}

static void test_trace_base64(void)
{
    static const Command bulk = { .name = "bulk", .returns = &type_base64 };
    g_autofree char *zeros = g_malloc0(4000);
    g_autofree char *shown = g_strnfill(SCHEMA_MAX_LOGGED, 'A');
    g_autofree char *wanted = g_strdup_printf("< port {\"return\": \"%s... 4000 bytes\"}\n"
                                              "< port {\"return\": \"AAAA\"}\n", shown);
    g_autofree char *log = NULL;
    Bytes large = { zeros, 4000 }, small = { zeros, 3 };

    g_free(kit_take_log());
    trace_reply("port", &bulk, &large, NULL);
    trace_reply("port", &bulk, &small, NULL);
    log = kit_take_log();
    g_assert_cmpstr(log, ==, wanted);
}

/* Not even an id fills the log. */
static void test_trace_long_id(void)
{
    g_autoptr(Arena) arena = arena_new();
    g_autofree char *id = g_strnfill(100000, 'i');
    g_autofree char *message = g_strdup_printf("{'execute':'bare','id':'%s'}", id);
    g_autofree char *log = NULL;
    Request request;

    g_assert_true(envelope_read(kit_value(arena, message), &request, NULL));
    g_free(kit_take_log());
    trace_request("port", &request, &bare);
    log = kit_take_log();
    g_assert_cmpuint(strlen(log), <, 40000);
    g_assert_true(g_str_has_suffix(log, "iii...\n"));
}

static void check_policy(const char *allowed, const char *blocked, const char *outcome)
{
    Settings settings = { 0 };

    if (allowed) {
        settings.allow_rpcs = g_ptr_array_new();
        if (*allowed)
            g_ptr_array_add(settings.allow_rpcs, (char *)allowed);
    }
    if (blocked) {
        settings.block_rpcs = g_ptr_array_new();
        g_ptr_array_add(settings.block_rpcs, (char *)blocked);
    }
    g_assert_cmpint(policy_allows(&settings, &bare, FALSE), ==, outcome[0] == 'y');
    g_assert_cmpint(policy_allows(&settings, &calm, FALSE), ==, outcome[1] == 'y');
    /* While frozen the lists do not count. */
    g_assert_false(policy_allows(&settings, &bare, TRUE));
    g_assert_true(policy_allows(&settings, &calm, TRUE));
    g_clear_pointer(&settings.allow_rpcs, g_ptr_array_unref);
    g_clear_pointer(&settings.block_rpcs, g_ptr_array_unref);
}

static void test_policy(void)
{
    check_policy(NULL, NULL, "yy");
    check_policy("", NULL, "yy");
    check_policy("bare", NULL, "yn");
    check_policy("calm", NULL, "ny");
    check_policy("other", NULL, "nn");
    check_policy(NULL, "bare", "ny");
    check_policy(NULL, "other", "yy");
    check_policy("bare", "bare", "nn");
    check_policy("bare", "calm", "yn");
    check_policy(NULL, "bar", "yy");
    check_policy("", "calm", "yn");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    g_test_add_func("/audit/line", test_line);
    g_test_add_func("/audit/long-argument", test_long_argument);
    g_test_add_func("/audit/control-characters", test_control_characters);
    g_test_add_func("/audit/refused", test_refused_line);
    g_test_add_func("/audit/logged", test_logged);
    g_test_add_func("/trace/request", test_trace_request);
    g_test_add_func("/trace/reply", test_trace_reply);
    g_test_add_func("/trace/cut", test_trace_cut);
    g_test_add_func("/trace/base64", test_trace_base64);
    g_test_add_func("/trace/long-id", test_trace_long_id);
    g_test_add_func("/policy/table", test_policy);
    return g_test_run();
}
