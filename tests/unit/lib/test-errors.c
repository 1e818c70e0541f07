/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <string.h>

#include "lib/errors.h"
#include "tests/unit/kit/kit.h"

/* The contract of lib/errors.h: domain, codes, text, and what becomes of the GError. */

static void test_domain(void)
{
    g_assert_cmpstr(g_quark_to_string(GUESTD_ERROR), ==, "guestd-error");
}

static void test_text(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(set_errno_error(&error, ENOENT, "failed to open %s", "x"));
    g_assert_true(g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_FAILED));
    g_assert_cmpstr(error->message, ==, "failed to open x: No such file or directory");
    g_prefix_error(&error, "%s: ", "object");
    kit_expect_error(&error, "object: failed to open x: No such file or directory");
    g_assert_false(set_error(&error, "%d%%", 5));
    g_assert_true(g_error_matches(error, GUESTD_ERROR, GUESTD_ERROR_FAILED));
    kit_expect_error(&error, "5%");
}

/* errno may change while the text is made. */
static void test_errnum(void)
{
    g_autoptr(GError) error = NULL;

    for (int errnum = 1; errnum < 100; errnum++) {
        errno = 0;
        g_assert_false(set_errno_error(&error, errnum, "x"));
        g_assert_true(g_str_has_prefix(error->message, "x: "));
        g_assert_cmpstr(error->message + strlen("x: "), ==, g_strerror(errnum));
        g_clear_error(&error);
    }
}

static void test_null(void)
{
    g_assert_false(set_error(NULL, "ignored"));
    g_assert_false(set_errno_error(NULL, EIO, "ignored"));
}

/* An error that is set is never overwritten: the first cause counts. */
static void test_set_twice(void)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(set_error(&error, "first"));
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*error == NULL*");
    g_assert_false(set_error(&error, "second"));
    g_test_assert_expected_messages();
    g_test_expect_message(G_LOG_DOMAIN, G_LOG_LEVEL_CRITICAL, "*error == NULL*");
    g_assert_false(set_errno_error(&error, EIO, "third"));
    g_test_assert_expected_messages();
    kit_expect_error(&error, "first");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/errors/domain", test_domain);
    g_test_add_func("/errors/text -> object, failure, cause", test_text);
    g_test_add_func("/errors/errnum -> text of that errno", test_errnum);
    g_test_add_func("/errors/no GError wanted -> nothing but FALSE", test_null);
    g_test_add_func("/errors/set twice -> the first stays", test_set_twice);
    return g_test_run();
}
