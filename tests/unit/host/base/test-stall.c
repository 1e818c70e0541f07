/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/stall.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/errors.h"

#define S G_USEC_PER_SEC

/* Times are those of a clock that the test sets. */
static void test_look(void)
{
    static const struct {
        guint64 counter;
        gint64 now;
        gboolean stalled;
    } rows[] = {
        { 5, 1 * S, FALSE },
        { 5, 10 * S, FALSE },
        { 5, 11 * S, TRUE },
        { 5, 30 * S, FALSE }, /* once */
        { 6, 31 * S, FALSE },
        { 6, 40 * S, FALSE },
        { 7, 41 * S, FALSE }, /* slow, but it proceeds */
        { 7, 51 * S, TRUE },
    };
    Stall stall = { 0 };

    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        g_assert_cmpint(stall_look(&stall, rows[i].counter, rows[i].now), ==, rows[i].stalled);
}

static void test_look_longer(void)
{
    Stall stall = { .more_s = 5 };

    g_assert_false(stall_look(&stall, 1, 1 * S));
    g_assert_false(stall_look(&stall, 2, 2 * S));
    g_assert_false(stall_look(&stall, 2, 16 * S));
    g_assert_true(stall_look(&stall, 2, 17 * S));
}

typedef struct {
    int fd; /* the call waits for it; -1: for nothing */
    gboolean fails;
} Call;

static void call_clear(gpointer data)
{
    Call *call = data;

    if (call->fd >= 0)
        close(call->fd);
}

static gboolean work(gpointer data, GError **error)
{
    Call *call = data;
    struct pollfd wait = { .fd = call->fd, .events = POLLIN };

    if (call->fd >= 0)
        poll(&wait, 1, -1);
    return !call->fails || set_error(error, "the reason");
}

static void test_result(void)
{
    Call *call = g_atomic_rc_box_new0(Call);
    g_autoptr(GError) error = NULL;

    call->fd = -1;
    g_assert_true(stall_call(work, call, call_clear, NULL, "work", -1, &error));
    g_assert_no_error(error);
    call->fails = TRUE;
    g_assert_false(stall_call(work, call, call_clear, NULL, "work", -1, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_FAILED);
    g_assert_cmpstr(error->message, ==, "the reason");
    g_atomic_rc_box_release_full(call, call_clear);
}

static void test_cancelled(void)
{
    Call *call = g_atomic_rc_box_new0(Call);
    int never = eventfd(0, EFD_CLOEXEC), cancel_fd = eventfd(1, EFD_CLOEXEC);
    g_autoptr(GError) error = NULL;
    guint64 one = 1;

    call->fd = dup(never);
    g_assert_false(stall_call(work, call, call_clear, NULL, "work", cancel_fd, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED);
    g_assert_cmpint(write(never, &one, sizeof one), ==, sizeof one);
    g_atomic_rc_box_release_full(call, call_clear);
    close(never);
    close(cancel_fd);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stall/counter unchanged for 10 s -> reported once", test_look);
    g_test_add_func("/stall/work that may pause for longer -> reported later", test_look_longer);
    g_test_add_func("/stall/call returns -> its result", test_result);
    g_test_add_func("/stall/call hangs, cancelled -> cancelled at once", test_cancelled);
    return g_test_run();
}
