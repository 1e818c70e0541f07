/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/unit/kit/freeze-case.h"
#include "tests/unit/kit/kit.h"

/* Calls that do not return, freezes that are cancelled, and syncing before the freeze. */

#define MS 1000
/* A deadline that is meant to pass; even on a busy machine the other calls take less. */
#define PASSES_US (2000 * MS)

static void set_until(Case *c, gint64 us)
{
    c->limits.until = g_get_monotonic_time() + us;
}

static gpointer freeze_in_thread(gpointer data)
{
    return GINT_TO_POINTER(case_freeze(data));
}

/* One of five hangs: the others are thawed, the error names it and the time. */
static void test_stuck(void)
{
    Case *c = case_new("/1,/2,/3,/4,/5");
    g_autoptr(GError) error = NULL;
    double seconds;
    int end = 0;

    script_hang(SCRIPT_FREEZE, "/3");
    case_open(c);
    set_until(c, PASSES_US);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, -1);
    g_assert_cmpint(sscanf(error->message, "failed to freeze /3: no response within %lf s%n",
                           &seconds, &end), ==, 1);
    g_assert_cmpint(end, ==, (int)strlen(error->message));
    /* Rounded; the freeze started some time after the deadline was set. */
    g_assert_cmpfloat(seconds, >=, 1.0);
    g_assert_cmpint(case_item(c, "/3")->state, ==, FREEZE_LATE);
    g_assert_cmpuint(script_count_frozen(), ==, 4);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 4);
    g_assert_cmpuint(script_count_frozen(), ==, 0);
    /* The late one is thawed when its call returns, and only then closed. */
    g_assert_cmpuint(script_count_open(), ==, 1);
    script_release(SCRIPT_FREEZE, "/3");
    script_await(SCRIPT_THAW, "/3", 1);
    case_free(c);
}

/* A freeze of /1 and /2 whose call for /2 hangs is given up. */
static void leave_behind_2(Case *c)
{
    script_hang(SCRIPT_FREEZE, "/2");
    case_open(c);
    set_until(c, PASSES_US);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, NULL), ==, -1);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 1);
}

/* Its thread outlives the engine. */
static void test_stuck_outlives(void)
{
    Case *c = case_new("/1,/2");

    leave_behind_2(c);
    g_clear_pointer(&c->engine, freeze_engine_free);
    script_release(SCRIPT_FREEZE, "/2");
    script_await_rest();
    case_free(c);
}

/* A late freeze that fails in the end is not thawed. */
static void test_stuck_fails(void)
{
    Case *c = case_new("/1,/2");

    script_fail(SCRIPT_FREEZE, "/2", EIO);
    leave_behind_2(c);
    script_release(SCRIPT_FREEZE, "/2");
    script_await_rest();
    g_assert_cmpuint(script_count(SCRIPT_THAW, "/2"), ==, 0);
    case_free(c);
}

/* The next freeze waits for the call: it would thaw what is frozen by then. */
static void test_stuck_again(void)
{
    Case *c = case_new("/1,/2");
    g_autofree char *log = NULL;
    GThread *thread;

    leave_behind_2(c);
    set_until(c, KIT_DEADLINE_S * G_USEC_PER_SEC);
    thread = g_thread_new("freezer", freeze_in_thread, c);
    script_await(SCRIPT_OPEN, "/2", 2);
    script_hang(SCRIPT_THAW, "/2");
    script_release(SCRIPT_FREEZE, "/2");
    script_await(SCRIPT_THAW, "/2", 1);
    script_release(SCRIPT_THAW, "/2");
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(thread)), ==, 2);
    g_assert_cmpuint(script_count_frozen(), ==, 2);
    log = script_log();
    g_assert_true(g_str_has_prefix(log, "freeze /1\nthaw /1\nfreeze /2\nthaw /2\nfreeze /"));
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 2);
    case_free(c);
}

/* ... but not beyond its deadline, not when cancelled, and not for other filesystems. */
static void test_stuck_still(void)
{
    Case *c = case_new("/1,/2");
    g_autoptr(GError) error = NULL;

    leave_behind_2(c);
    set_until(c, KIT_DEADLINE_S * G_USEC_PER_SEC);
    case_open(c);
    set_until(c, 50 * MS);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, -1);
    g_assert_true(g_str_has_prefix(error->message, "failed to freeze /2: no response within"));
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/1"), ==, 1);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 0);
    set_until(c, KIT_DEADLINE_S * G_USEC_PER_SEC);
    case_open(c);
    freeze_engine_cancel(c->engine);
    g_clear_error(&error);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, -1);
    g_assert_cmpstr(error->message, ==, "the freeze was cancelled");
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 0);
    c->mounts.len = 1;
    g_assert_cmpint(case_freeze(c), ==, 1);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 1);
    script_release(SCRIPT_FREEZE, "/2");
    case_free(c);
}

/* The deadline is that of the whole freeze: the level after the stuck one does not start. */
static void test_stuck_rider(void)
{
    Case *c = case_new("/rider /carrier");
    g_autoptr(GError) error = NULL;

    script_hang(SCRIPT_FREEZE, "/rider");
    case_open(c);
    set_until(c, 50 * MS);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, -1);
    g_assert_nonnull(strstr(error->message, "/rider"));
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/carrier"), ==, 0);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 0);
    script_release(SCRIPT_FREEZE, "/rider");
    case_free(c);
}

/* More than go at a time: the error names one that hangs, not one that did not start. */
static void test_stuck_of_many(void)
{
    g_autoptr(GString) points = g_string_new("/0");
    g_autoptr(GError) error = NULL;
    Case *c;

    for (guint i = 1; i < 200; i++)
        g_string_append_printf(points, ",/%u", i);
    c = case_new(points->str);
    script_hang(SCRIPT_FREEZE, "/5");
    case_open(c);
    set_until(c, PASSES_US);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, -1);
    g_assert_true(g_str_has_prefix(error->message, "failed to freeze /5: no response within"));
    freeze_engine_thaw(c->engine);
    g_assert_cmpuint(script_count_frozen(), ==, 0);
    script_release(SCRIPT_FREEZE, "/5");
    case_free(c);
}

/* A directory that cannot be opened in time, as on a dead server, is skipped. */
static void test_stuck_open(void)
{
    Case *c = case_new("/1,/dead");
    g_autoptr(GError) error = NULL;

    g_free(kit_take_log());
    script_hang(SCRIPT_OPEN, "/dead");
    set_until(c, PASSES_US);
    g_assert_true(freeze_engine_open(c->engine, &c->mounts, &c->plan, c->limits.until, &error));
    g_assert_cmpint(case_item(c, "/dead")->state, ==, FREEZE_SKIPPED);
    set_until(c, KIT_DEADLINE_S * G_USEC_PER_SEC);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, 1);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 1);
    script_release(SCRIPT_OPEN, "/dead");
    case_free(c);
}

/* ---- cancellation */

static gpointer try_to_freeze(gpointer data)
{
    Case *c = data;
    GError *error = NULL;

    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, -1);
    return error;
}

/* The host's thaw does not wait for what hangs. */
static void test_cancel(void)
{
    Case *c = case_new("/1,/2 /3");
    g_autoptr(GError) error = NULL;
    GThread *thread;

    script_hang(SCRIPT_FREEZE, "/2");
    case_open(c);
    thread = g_thread_new("freezer", try_to_freeze, c);
    script_await(SCRIPT_FREEZE, "/2", 1);
    freeze_engine_cancel(c->engine);
    error = g_thread_join(thread);
    kit_expect_error(&error, "the freeze was cancelled");
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/3"), ==, 0);
    freeze_engine_thaw(c->engine);
    script_release(SCRIPT_FREEZE, "/2");
    case_free(c);
}

/* Cancelled before the start: no filesystem is touched. */
static void test_cancel_before(void)
{
    Case *c = case_new("/1,/2");
    g_autoptr(GError) error = NULL;

    case_open(c);
    freeze_engine_cancel(c->engine);
    freeze_engine_presync(c->engine, &c->limits);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, -1);
    kit_expect_error(&error, "the freeze was cancelled");
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 0);
    g_assert_cmpuint(script_count(SCRIPT_FREEZE, "/1"), ==, 0);
    g_assert_cmpuint(script_count(SCRIPT_SYNC, "/1"), ==, 0);
    /* The next freeze is not affected. */
    freeze_engine_uncancel(c->engine);
    g_assert_cmpint(case_freeze(c), ==, 2);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 2);
    case_free(c);
}

static gpointer thaw_in_thread(gpointer data)
{
    return GINT_TO_POINTER(freeze_engine_thaw(((Case *)data)->engine));
}

/* A thaw, as after a failed freeze, cannot be cancelled: nothing would thaw the rest. */
static void test_cancel_thaw(void)
{
    Case *c = case_new("/1,/2 /3 /4");
    GThread *thread;

    g_assert_cmpint(case_freeze(c), ==, 4);
    script_hang(SCRIPT_THAW, "/3");
    thread = g_thread_new("thawer", thaw_in_thread, c);
    script_await(SCRIPT_THAW, "/3", 1);
    freeze_engine_cancel(c->engine);
    script_release(SCRIPT_THAW, "/3");
    g_assert_cmpint(GPOINTER_TO_INT(g_thread_join(thread)), ==, 4);
    g_assert_cmpuint(script_count_frozen(), ==, 0);
    freeze_engine_uncancel(c->engine);
    case_free(c);
}

/* ---- syncing before the freeze */

static guint presync(Case *c, gint64 target_us, gint64 limit_us)
{
    c->limits.presync_target_us = target_us;
    c->limits.presync_limit_us = limit_us;
    freeze_engine_presync(c->engine, &c->limits);
    return freeze_engine_sync_rounds(c->engine);
}

/* Until a round is fast. */
static void test_presync_target(void)
{
    Case *c = case_new("/1,/2");

    /* Far apart, because a busy machine makes calls slower. */
    script_slow(SCRIPT_SYNC, "/1", 1, 3000 * MS);
    script_slow(SCRIPT_SYNC, "/2", 2, 800 * MS);
    case_open(c);
    g_assert_cmpuint(presync(c, 700 * MS, 60000 * MS), ==, 3);
    g_assert_cmpuint(script_count(SCRIPT_SYNC, "/1"), ==, 3);
    g_assert_cmpuint(script_count(SCRIPT_SYNC, "/2"), ==, 3);
    g_assert_cmpint(case_item(c, "/2")->sync_us, >=, 1600 * MS);
    freeze_engine_thaw(c->engine);
    case_free(c);
}

/* Or its time is over. */
static void test_presync_limit(void)
{
    Case *c = case_new("/1");
    gint64 began = g_get_monotonic_time();

    script_slow(SCRIPT_SYNC, "/1", 1, 200 * MS);
    case_open(c);
    g_assert_cmpuint(presync(c, 0, 100 * MS), ==, 1);
    g_assert_cmpint(g_get_monotonic_time() - began, >=, 100 * MS);
    freeze_engine_thaw(c->engine);
    case_free(c);
}

/* Or applications write as fast as the disk, so that another round does not help. */
static void test_presync_no_gain(void)
{
    Case *c = case_new("/1");

    script_slow(SCRIPT_SYNC, "/1", 1000, 300 * MS);
    case_open(c);
    /* On a busy machine a round may take longer. */
    g_assert_cmpuint(presync(c, 0, 20000 * MS), <=, 5);
    freeze_engine_thaw(c->engine);
    case_free(c);
}

static void test_presync_off(void)
{
    Case *c = case_new("/1");

    case_open(c);
    g_assert_cmpuint(presync(c, 50 * MS, 0), ==, 0);
    g_assert_cmpuint(script_count(SCRIPT_SYNC, "/1"), ==, 0);
    freeze_engine_thaw(c->engine);
    case_free(c);
}

/* A sync that hangs takes its time limit; the freeze itself then fails. */
static void test_presync_stuck(void)
{
    Case *c = case_new("/1,/2");
    g_autoptr(GError) error = NULL;

    script_hang(SCRIPT_SYNC, "/2");
    case_open(c);
    g_assert_cmpuint(presync(c, 50 * MS, 200 * MS), ==, 1);
    g_assert_cmpint(freeze_engine_freeze(c->engine, &c->limits, &error), ==, 2);
    g_assert_cmpint(freeze_engine_thaw(c->engine), ==, 2);
    script_release(SCRIPT_SYNC, "/2");
    case_free(c);
}

/* An error of a sync is left to the freeze. */
static void test_presync_fails(void)
{
    Case *c = case_new("/1");

    script_fail(SCRIPT_SYNC, "/1", EIO);
    case_open(c);
    g_assert_cmpuint(presync(c, 5000 * MS, 10000 * MS), ==, 1);
    g_assert_cmpint(case_item(c, "/1")->state, ==, FREEZE_PENDING);
    freeze_engine_thaw(c->engine);
    case_free(c);
}

static gpointer presync_in_thread(gpointer data)
{
    return GUINT_TO_POINTER(presync(data, 0, KIT_DEADLINE_S * G_USEC_PER_SEC));
}

static void test_presync_cancel(void)
{
    Case *c = case_new("/1,/2");
    GThread *thread;

    script_hang(SCRIPT_SYNC, "/1");
    case_open(c);
    thread = g_thread_new("syncer", presync_in_thread, c);
    script_await(SCRIPT_SYNC, "/1", 1);
    freeze_engine_cancel(c->engine);
    g_assert_cmpuint(GPOINTER_TO_UINT(g_thread_join(thread)), ==, 1);
    freeze_engine_thaw(c->engine);
    script_release(SCRIPT_SYNC, "/1");
    case_free(c);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    kit_capture_log();
    g_test_add_func("/freeze/stuck/one of five -> error, all thawed", test_stuck);
    g_test_add_func("/freeze/stuck/engine freed -> call thaws by itself", test_stuck_outlives);
    g_test_add_func("/freeze/stuck/fails after the deadline -> no thaw", test_stuck_fails);
    g_test_add_func("/freeze/stuck/next freeze -> waits for it", test_stuck_again);
    g_test_add_func("/freeze/stuck/stuck in the next freeze -> error", test_stuck_still);
    g_test_add_func("/freeze/stuck/rider -> carrier not frozen", test_stuck_rider);
    g_test_add_func("/freeze/stuck/more filesystems than threads -> error", test_stuck_of_many);
    g_test_add_func("/freeze/stuck/open -> skipped", test_stuck_open);
    g_test_add_func("/freeze/cancel/in progress -> all thawed", test_cancel);
    g_test_add_func("/freeze/cancel/before the start -> nothing frozen", test_cancel_before);
    g_test_add_func("/freeze/cancel/thaw -> not cancelled", test_cancel_thaw);
    g_test_add_func("/freeze/presync/fast round -> the last", test_presync_target);
    g_test_add_func("/freeze/presync/time limit -> ends", test_presync_limit);
    g_test_add_func("/freeze/presync/no gain -> the last round", test_presync_no_gain);
    g_test_add_func("/freeze/presync/limit of 0 -> no round", test_presync_off);
    g_test_add_func("/freeze/presync/sync hangs -> freeze starts", test_presync_stuck);
    g_test_add_func("/freeze/presync/sync fails -> freeze starts", test_presync_fails);
    g_test_add_func("/freeze/presync/cancelled -> ends", test_presync_cancel);
    return g_test_run();
}
