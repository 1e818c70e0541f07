/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/shared/deadline-call.h"

#include "agent/base/deadline.h"

/* With a reference count, as a call that hangs may outlive its family. */
struct Patience {
    GMutex lock;
    GHashTable *hanging; /* set of paths */
};

/* Calls to be made, shared by the waiter and the thread that makes them. */
typedef struct {
    Patience *patience;
    PatientCall **calls;
    gsize first; /* index of its first call among those of the run */
    gsize len;
    Deadline *deadline;

    GMutex lock;
    GCond changed;   /* all are made, or the waiter has to wake up earlier */
    gsize at;        /* index of the current call */
    gint64 slow;     /* when the waiter starts a new batch for the rest */
    gint64 until;    /* deadline of the current call */
    gint64 wakeup;   /* when the waiter wakes up by itself */
    gboolean late;   /* the waiter has left; the current call frees itself */
} Batch;

static void patience_clear(gpointer data)
{
    Patience *patience = data;

    g_hash_table_unref(patience->hanging);
    g_mutex_clear(&patience->lock);
}

Patience *patience_new(void)
{
    Patience *patience = g_atomic_rc_box_new0(Patience);

    g_mutex_init(&patience->lock);
    patience->hanging = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return patience;
}

void patience_free(Patience *patience)
{
    if (patience)
        g_atomic_rc_box_release_full(patience, patience_clear);
}

static void set_hanging(Patience *patience, const char *what, gboolean hangs)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&patience->lock);

    if (hangs)
        g_hash_table_add(patience->hanging, g_strdup(what));
    else
        g_hash_table_remove(patience->hanging, what);
}

static gboolean is_hanging(Patience *patience, const char *what)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&patience->lock);

    return g_hash_table_contains(patience->hanging, what);
}

/* The call at @at starts now. */
static void set_limits_locked(Batch *batch)
{
    const PatientCall *call = batch->calls[batch->at];
    gint64 now = g_get_monotonic_time();

    batch->until = now + call->limit_us;
    batch->slow = call->slow_us ? MIN(now + call->slow_us, batch->until) : batch->until;
}

static Batch *batch_new(Patience *patience, PatientCall **calls, gsize first, gsize end)
{
    Batch *batch = g_new0(Batch, 1);

    batch->patience = g_atomic_rc_box_acquire(patience);
    batch->first = first;
    batch->len = end - first;
    batch->calls = g_new(PatientCall *, batch->len);
    for (gsize i = 0; i < batch->len; i++)
        batch->calls[i] = calls[first + i];
    set_limits_locked(batch); /* no other thread has it yet */
    g_mutex_init(&batch->lock);
    g_cond_init(&batch->changed);
    return batch;
}

static void batch_free(Batch *batch)
{
    patience_free(batch->patience);
    g_mutex_clear(&batch->lock);
    g_cond_clear(&batch->changed);
    g_free(batch->calls);
    g_free(batch);
}

static PatientCall *start_call(Batch *batch)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&batch->lock);

    set_limits_locked(batch);
    if (batch->slow < batch->wakeup)
        g_cond_signal(&batch->changed);
    return batch->calls[batch->at];
}

/* Returns whether there is another call to make. */
static gboolean end_call(Batch *batch, PatientCall *call)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&batch->lock);
    gboolean more;

    call->state = PATIENT_DONE;
    batch->at++;
    more = batch->at < batch->len && !batch->late;
    if (!more)
        g_cond_signal(&batch->changed);
    return more;
}

/* On the helper thread. */
static void make_calls(gpointer data, gpointer unused)
{
    Batch *batch = data;
    PatientCall *call;

    (void)unused;
    /* The first call is made even if the waiter gave it up before this thread ran. */
    do {
        call = start_call(batch);
        call->run(call);
    } while (end_call(batch, call));
}

/* On the helper thread, after the late call, the last one made, has returned. */
static void clean_up(gpointer data)
{
    Batch *batch = data;
    PatientCall *call = batch->calls[batch->at - 1];

    set_hanging(batch->patience, call->what, FALSE);
    call->free(call);
    batch_free(batch);
}

/*
 * Waits until all are made or the current one is slow, which makes it the last of the batch.
 * Returns the length of the batch.
 */
static gsize wait_while_quick(Batch *batch)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&batch->lock);

    while (batch->at < batch->len && g_get_monotonic_time() < batch->slow) {
        batch->wakeup = batch->slow;
        g_cond_wait_until(&batch->changed, &batch->lock, batch->wakeup);
    }
    batch->len = MIN(batch->at + 1, batch->len);
    return batch->len;
}

/* Waits until all are made or the last one is late. Returns the number of those made. */
static gsize wait_for_calls(Batch *batch)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&batch->lock);

    while (batch->at < batch->len && !batch->late) {
        batch->late = g_get_monotonic_time() >= batch->until;
        if (batch->late) {
            set_hanging(batch->patience, batch->calls[batch->at]->what, TRUE);
        } else {
            batch->wakeup = batch->until;
            g_cond_wait_until(&batch->changed, &batch->lock, batch->wakeup);
        }
    }
    return batch->at;
}

/* Takes the call that did not return, if any, away from the caller. */
static void finish(Batch *batch, PatientCall **calls)
{
    gsize made = wait_for_calls(batch);
    gsize missing = batch->first + made;

    /* The thread is about to exit, or it is left behind. */
    if (!deadline_wait(batch->deadline, made == batch->len ? G_MAXINT64 : 0)) {
        calls[missing] = NULL;
        return;
    }
    if (batch->late) /* it returned at the last moment */
        set_hanging(batch->patience, calls[missing]->what, FALSE);
    batch_free(batch);
}

void patience_run(Patience *patience, PatientCall **calls, gsize len)
{
    g_autoptr(GPtrArray) batches = g_ptr_array_new();
    gsize at = 0;

    while (at < len) {
        Batch *batch;
        gsize end = at;

        while (end < len && !is_hanging(patience, calls[end]->what))
            end++;
        if (end == at) {
            at++;
            continue;
        }
        batch = batch_new(patience, calls, at, end);
        batch->deadline = deadline_start(make_calls, batch, clean_up);
        if (!batch->deadline) { /* without a thread the calls are not made, and stay the caller's */
            batch_free(batch);
            at = end;
            continue;
        }
        g_ptr_array_add(batches, batch);
        at += wait_while_quick(batch);
    }
    for (guint i = 0; i < batches->len; i++)
        finish(batches->pdata[i], calls);
}
