/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/shared/deadline-call.h"
#include "tests/unit/kit/kit.h"

/*
 * Calls that hang. The call of a test waits at a gate until the test opens it, so that the only
 * time that matters is the deadline itself, which is as short as possible.
 */

#define LIMIT_US 2000
#define LONG_US (KIT_DEADLINE_S * G_USEC_PER_SEC)

typedef struct {
    GMutex lock;
    GCond changed;
    gboolean open;
    guint entered;
    guint freed;
} Gate;

typedef struct {
    PatientCall call;
    Gate *gate;
    gboolean hangs;
    gboolean opens; /* the gate */
    GThread *thread; /* the thread that made it; only for comparison */
} TestCall;

static void gate_init(Gate *gate)
{
    *gate = (Gate){ .open = FALSE };
    g_mutex_init(&gate->lock);
    g_cond_init(&gate->changed);
}

static void gate_open(Gate *gate)
{
    g_mutex_lock(&gate->lock);
    gate->open = TRUE;
    g_cond_broadcast(&gate->changed);
    g_mutex_unlock(&gate->lock);
}

static void gate_await(Gate *gate, const guint *counter, guint value)
{
    gint64 until = g_get_monotonic_time() + LONG_US;

    g_mutex_lock(&gate->lock);
    while (*counter < value)
        g_assert_true(g_cond_wait_until(&gate->changed, &gate->lock, until));
    g_mutex_unlock(&gate->lock);
}

static void call_run(PatientCall *call)
{
    TestCall *self = (TestCall *)call;

    g_mutex_lock(&self->gate->lock);
    self->thread = g_thread_self();
    self->gate->entered++;
    self->gate->open = self->gate->open || self->opens;
    g_cond_broadcast(&self->gate->changed);
    while (self->hangs && !self->gate->open)
        g_cond_wait(&self->gate->changed, &self->gate->lock);
    g_mutex_unlock(&self->gate->lock);
}

static void call_free(PatientCall *call)
{
    Gate *gate = ((TestCall *)call)->gate;

    g_free(call);
    g_mutex_lock(&gate->lock);
    gate->freed++;
    g_cond_broadcast(&gate->changed);
    g_mutex_unlock(&gate->lock);
}

static PatientCall *call_new(Gate *gate, const char *what, gboolean hangs)
{
    TestCall *self = g_new0(TestCall, 1);

    self->call = (PatientCall){ .what = what, .limit_us = hangs ? LIMIT_US : LONG_US,
                                .run = call_run, .free = call_free };
    self->gate = gate;
    self->hangs = hangs;
    return &self->call;
}

static GThread *thread_of(PatientCall *call)
{
    g_assert_cmpint(call->state, ==, PATIENT_DONE);
    return ((TestCall *)call)->thread;
}

static void free_calls(PatientCall **calls, gsize len)
{
    for (gsize i = 0; i < len; i++)
        if (calls[i])
            call_free(calls[i]);
}

/* While no call hangs, one thread makes them all. */
static void test_one_thread(void)
{
    g_autoptr(Patience) patience = patience_new();
    PatientCall *calls[4];
    Gate gate;

    gate_init(&gate);
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        calls[i] = call_new(&gate, "/x", FALSE);
    patience_run(patience, calls, G_N_ELEMENTS(calls));
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        g_assert_true(thread_of(calls[i]) == thread_of(calls[0]));
    g_assert_true(thread_of(calls[0]) != g_thread_self());
    g_assert_cmpuint(gate.entered, ==, G_N_ELEMENTS(calls));
    free_calls(calls, G_N_ELEMENTS(calls));
}

static void test_none(void)
{
    g_autoptr(Patience) patience = patience_new();

    patience_run(patience, NULL, 0);
}

/* A call that hangs is given up, and a new thread makes the others. */
static void test_one_hangs(void)
{
    g_autoptr(Patience) patience = patience_new();
    PatientCall *calls[4];
    Gate gate;

    gate_init(&gate);
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        calls[i] = call_new(&gate, i == 1 ? "/stale" : "/fine", i == 1);
    patience_run(patience, calls, G_N_ELEMENTS(calls));
    g_assert_null(calls[1]);
    g_assert_true(thread_of(calls[2]) == thread_of(calls[3]));
    g_assert_true(thread_of(calls[2]) != thread_of(calls[0]));
    free_calls(calls, G_N_ELEMENTS(calls));
    gate_open(&gate);
    gate_await(&gate, &gate.freed, G_N_ELEMENTS(calls));
}

static void test_all_hang(void)
{
    g_autoptr(Patience) patience = patience_new();
    PatientCall *calls[3];
    Gate gate;

    gate_init(&gate);
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        calls[i] = call_new(&gate, &"abc"[i], TRUE);
    patience_run(patience, calls, G_N_ELEMENTS(calls));
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        g_assert_null(calls[i]);
    gate_open(&gate);
    gate_await(&gate, &gate.freed, G_N_ELEMENTS(calls));
}

/* The calls after a slow one are made before it returns; here it waits for the last of them. */
static void test_slow(void)
{
    g_autoptr(Patience) patience = patience_new();
    PatientCall *calls[4];
    Gate gate;

    gate_init(&gate);
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++) {
        gboolean last = i + 1 == G_N_ELEMENTS(calls);

        calls[i] = call_new(&gate, &"abcd"[i], !last);
        calls[i]->limit_us = LONG_US;
        calls[i]->slow_us = LIMIT_US;
        ((TestCall *)calls[i])->opens = last;
    }
    patience_run(patience, calls, G_N_ELEMENTS(calls));
    for (gsize i = 0; i < G_N_ELEMENTS(calls); i++)
        for (gsize other = 0; other < i; other++)
            g_assert_true(thread_of(calls[i]) != thread_of(calls[other]));
    free_calls(calls, G_N_ELEMENTS(calls));
}

/* A path that hangs is not used again until its call has returned. */
static void test_remembers(void)
{
    g_autoptr(Patience) patience = patience_new();
    PatientCall *call;
    Gate gate;

    gate_init(&gate);
    call = call_new(&gate, "/stale", TRUE);
    patience_run(patience, &call, 1);
    g_assert_null(call);

    gate_await(&gate, &gate.entered, 1);
    call = call_new(&gate, "/stale", FALSE);
    patience_run(patience, &call, 1);
    g_assert_cmpint(call->state, ==, PATIENT_NOT_MADE);

    gate_open(&gate);
    gate_await(&gate, &gate.freed, 1);
    patience_run(patience, &call, 1);
    g_assert_cmpint(call->state, ==, PATIENT_DONE);
    call_free(call);
}

/* Without threads the calls are not made, and the agent continues. */
static void test_no_thread(void)
{
    g_autoptr(Patience) patience = patience_new();
    PatientCall *call;
    Gate gate;

    gate_init(&gate);
    call = call_new(&gate, "/fine", FALSE);
    kit_allow_threads(FALSE);
    patience_run(patience, &call, 1);
    kit_allow_threads(TRUE);
    g_assert_nonnull(call);
    g_assert_cmpint(call->state, ==, PATIENT_NOT_MADE);
    patience_run(patience, &call, 1);
    g_assert_cmpint(call->state, ==, PATIENT_DONE);
    call_free(call);
}

/* The family may be freed before a call returns. */
static void test_outlives(void)
{
    Patience *patience = patience_new();
    PatientCall *call;
    Gate gate;

    gate_init(&gate);
    call = call_new(&gate, "/stale", TRUE);
    patience_run(patience, &call, 1);
    g_assert_null(call);
    patience_free(patience);
    gate_open(&gate);
    gate_await(&gate, &gate.freed, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/patience/fast calls -> one thread", test_one_thread);
    g_test_add_func("/patience/no calls", test_none);
    g_test_add_func("/patience/one hangs -> the others are done", test_one_hangs);
    g_test_add_func("/patience/all hang -> one deadline", test_all_hang);
    g_test_add_func("/patience/slow -> the others go on", test_slow);
    g_test_add_func("/patience/still hangs -> not called again", test_remembers);
    g_test_add_func("/patience/no threads -> not made", test_no_thread);
    g_test_add_func("/patience/freed while a call hangs -> call frees itself", test_outlives);
    return g_test_run();
}
