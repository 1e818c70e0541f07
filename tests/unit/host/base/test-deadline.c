/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/deadline.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/errors.h"

static void test_left(void)
{
    Deadline past = deadline_in(-1000, -1), now = deadline_in(0, -1), later = deadline_in(3600000, -1);

    g_assert_cmpint(deadline_left_ms(&past), ==, 0);
    g_assert_cmpint(deadline_left_ms(&now), ==, 0);
    g_assert_cmpint(deadline_left_ms(&later), >, 3500000);
    g_assert_cmpint(deadline_left_ms(&later), <=, 3600000);
}

static void test_ready(void)
{
    Deadline deadline = deadline_in(3600000, -1);
    g_autoptr(GError) error = NULL;
    int fd = eventfd(1, EFD_CLOEXEC);

    g_assert_true(deadline_poll(&deadline, fd, POLLIN, &error));
    g_assert_no_error(error);
    close(fd);
}

static void test_passed(void)
{
    Deadline deadline = deadline_in(0, -1);
    g_autoptr(GError) error = NULL;
    int fd = eventfd(0, EFD_CLOEXEC);

    g_assert_false(deadline_poll(&deadline, fd, POLLIN, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT);
    g_clear_error(&error);
    g_assert_false(deadline_poll(&deadline, -1, 0, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT);
    close(fd);
}

/* The time of the deadline is far away. */
static void test_cancelled(void)
{
    int cancel_fd = eventfd(1, EFD_CLOEXEC), fd = eventfd(0, EFD_CLOEXEC);
    Deadline deadline = deadline_in(3600000, cancel_fd);
    g_autoptr(GError) error = NULL;

    g_assert_false(deadline_poll(&deadline, fd, POLLIN, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED);
    close(cancel_fd);
    close(fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/deadline/time left", test_left);
    g_test_add_func("/deadline/data is there -> ready", test_ready);
    g_test_add_func("/deadline/passed -> timed out", test_passed);
    g_test_add_func("/deadline/cancelled -> cancelled", test_cancelled);
    return g_test_run();
}
