/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/patience.h"

#include "agent/base/deadline.h"

/* Counted, since a call that hangs may outlive its family. */
struct Patience {
    GMutex lock;
    GHashTable *hanging; /* set of paths */
};

/* Calls on their way; shared by who waits and the thread that makes them. */
typedef struct {
    Patience *patience;
    PatientCall **calls;
    gsize len;

    GMutex lock;
    GCond changed;   /* all are made, or the waiter would sleep too long */
    gsize at;        /* the call under way */
    gint64 until;    /* its deadline */
    gint64 wakeup;   /* when the waiter looks again by itself */
    gboolean late;   /* nobody waits any more; the call under way owns itself */
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
    g_mutex_lock(&patience->lock);
    if (hangs)
        g_hash_table_add(patience->hanging, g_strdup(what));
    else
        g_hash_table_remove(patience->hanging, what);
    g_mutex_unlock(&patience->lock);
}

static gboolean is_hanging(Patience *patience, const char *what)
{
    gboolean hangs;

    g_mutex_lock(&patience->lock);
    hangs = g_hash_table_contains(patience->hanging, what);
    g_mutex_unlock(&patience->lock);
    return hangs;
}

static Batch *batch_new(Patience *patience, PatientCall **calls, gsize len)
{
    Batch *batch = g_new0(Batch, 1);

    batch->patience = g_atomic_rc_box_acquire(patience);
    batch->calls = g_new(PatientCall *, len);
    for (gsize i = 0; i < len; i++)
        batch->calls[i] = calls[i];
    batch->len = len;
    batch->until = g_get_monotonic_time() + calls[0]->limit_us;
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

/* On the helper thread. */
static void make_calls(gpointer data, gpointer unused)
{
    Batch *batch = data;

    (void)unused;
    g_mutex_lock(&batch->lock);
    /* The first is made even if it was given up before this thread ran at all. */
    do {
        PatientCall *call = batch->calls[batch->at];

        batch->until = g_get_monotonic_time() + call->limit_us;
        if (batch->until < batch->wakeup)
            g_cond_signal(&batch->changed);
        g_mutex_unlock(&batch->lock);
        call->run(call);
        g_mutex_lock(&batch->lock);
        call->state = PATIENT_DONE;
        batch->at++;
    } while (batch->at < batch->len && !batch->late);
    g_cond_signal(&batch->changed);
    g_mutex_unlock(&batch->lock);
}

/* On the helper thread, once the call that nobody waits for is back: the last one made. */
static void clean_up(gpointer data)
{
    Batch *batch = data;
    PatientCall *call = batch->calls[batch->at - 1];

    set_hanging(batch->patience, call->what, FALSE);
    call->free(call);
    batch_free(batch);
}

/* Waits until all are made or the one under way is late. Returns the number of those made. */
static gsize wait_for_calls(Batch *batch)
{
    gsize made;

    g_mutex_lock(&batch->lock);
    while (batch->at < batch->len && !batch->late) {
        batch->late = g_get_monotonic_time() >= batch->until;
        if (batch->late) {
            set_hanging(batch->patience, batch->calls[batch->at]->what, TRUE);
        } else {
            batch->wakeup = batch->until;
            g_cond_wait_until(&batch->changed, &batch->lock, batch->wakeup);
        }
    }
    made = batch->at;
    g_mutex_unlock(&batch->lock);
    return made;
}

/* Returns how many came back, or all if none was made; if that is not @len, the next one is not the caller's any more. */
static gsize run_batch(Patience *patience, PatientCall **calls, gsize len)
{
    Batch *batch = batch_new(patience, calls, len);
    Deadline *deadline = deadline_start(make_calls, batch, clean_up);
    gsize made;

    if (!deadline) { /* no thread can be had: none is made, and they stay the caller's */
        batch_free(batch);
        return len;
    }
    made = wait_for_calls(batch);
    /* Nothing is left to wait for but the thread's own end, or nothing at all. */
    if (!deadline_wait(deadline, made == len ? G_MAXINT64 : 0))
        return made;
    if (batch->late) { /* it came back at the last moment */
        set_hanging(patience, batch->calls[made]->what, FALSE);
        made = batch->at;
    }
    batch_free(batch);
    return made;
}

void patience_run(Patience *patience, PatientCall **calls, gsize len)
{
    gsize at = 0;

    while (at < len) {
        gsize end = at, made;

        while (end < len && !is_hanging(patience, calls[end]->what))
            end++;
        if (end == at) {
            at++;
            continue;
        }
        made = run_batch(patience, calls + at, end - at);
        at += made;
        if (at < end)
            calls[at++] = NULL;
    }
}
