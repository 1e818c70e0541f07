/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/deadline-call.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/errors.h"

/* What a call works on: it waits at a gate, and says when its data is freed. */
typedef struct {
    int gate;      /* readable: the call may return; -1: at once */
    int freed;     /* written to when the data is freed */
    gboolean fail;
    int result;
} Work;

static void signal_fd(int fd)
{
    guint64 one = 1;

    g_assert_cmpint(write(fd, &one, sizeof one), ==, sizeof one);
}

static void await_fd(int fd)
{
    guint64 n;

    g_assert_cmpint(read(fd, &n, sizeof n), ==, sizeof n);
}

static void work_clear(gpointer data)
{
    signal_fd(((Work *)data)->freed);
}

static gboolean do_work(gpointer data, GError **error)
{
    Work *work = data;

    if (work->gate >= 0)
        await_fd(work->gate);
    work->result = 42;
    return !work->fail || set_error(error, "no luck");
}

static Work *work_new(gboolean gated)
{
    Work *work = g_atomic_rc_box_new0(Work);

    work->gate = gated ? eventfd(0, EFD_CLOEXEC) : -1;
    work->freed = eventfd(0, EFD_CLOEXEC);
    return work;
}

/* Drops the caller's reference and waits until the data was freed. */
static void work_finish(Work *work)
{
    int freed = work->freed, gate = work->gate;

    g_atomic_rc_box_release_full(work, work_clear);
    await_fd(freed);
    close(freed);
    if (gate >= 0)
        close(gate);
}

static void test_result(void)
{
    Work *work = work_new(FALSE);
    Deadline deadline = deadline_in(G_MAXINT32, -1);
    g_autoptr(GError) error = NULL;

    g_assert_true(deadline_call_run(NULL, do_work, work, work_clear, &deadline, &error));
    g_assert_no_error(error);
    g_assert_cmpint(work->result, ==, 42);
    work_finish(work);
}

static void test_error(void)
{
    Work *work = work_new(FALSE);
    Deadline deadline = deadline_in(G_MAXINT32, -1);
    g_autoptr(GError) error = NULL;

    work->fail = TRUE;
    g_assert_false(deadline_call_run(NULL, do_work, work, work_clear, &deadline, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_FAILED);
    g_assert_cmpstr(error->message, ==, "no luck");
    work_finish(work);
}

/* A call that outlives its deadline is waited for again. */
static void test_late(void)
{
    Work *work = work_new(TRUE);
    Deadline now = deadline_in(0, -1), later = deadline_in(G_MAXINT32, -1);
    DeadlineCall *call = NULL;
    g_autoptr(GError) error = NULL;

    g_assert_false(deadline_call_run(&call, do_work, work, work_clear, &now, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT);
    g_assert_nonnull(call);
    signal_fd(work->gate);
    g_assert_true(deadline_call_await(&call, &later, NULL));
    g_assert_null(call);
    g_assert_cmpint(work->result, ==, 42);
    work_finish(work);
}

/* A call that hangs for good holds nobody up, and frees its data when it ends after all. */
static void test_dropped(void)
{
    Work *work = work_new(TRUE);
    int cancel = eventfd(1, EFD_CLOEXEC), gate = work->gate, freed = work->freed;
    Deadline deadline = deadline_in(G_MAXINT32, cancel);
    g_autoptr(GError) error = NULL;

    g_assert_false(deadline_call_run(NULL, do_work, work, work_clear, &deadline, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_CANCELLED);
    g_atomic_rc_box_release_full(work, work_clear);
    signal_fd(gate);
    await_fd(freed);
    close(cancel);
    close(gate);
    close(freed);
}

static void test_nothing(void)
{
    DeadlineCall *call = NULL;
    Deadline deadline = deadline_in(0, -1);
    g_autoptr(GError) error = NULL;

    g_assert_false(deadline_call_await(&call, &deadline, &error));
    g_assert_error(error, GUESTD_ERROR, GUESTD_ERROR_FAILED);
    deadline_call_drop(&call);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/deadline-call/result", test_result);
    g_test_add_func("/deadline-call/error", test_error);
    g_test_add_func("/deadline-call/late", test_late);
    g_test_add_func("/deadline-call/dropped", test_dropped);
    g_test_add_func("/deadline-call/nothing", test_nothing);
    return g_test_run();
}
