/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/crew.h"

#include <errno.h>

/* The number of threads at a time; further filesystems follow in batches. */
#define CREW_SIZE 64

struct Crew {
    const SysOps *ops;
    gint refs;
    GMutex lock;
    GCond changed;
    gboolean cancelled;
    GPtrArray *late; /* of Hand: freezes that were left behind */
};

struct CrewFile {
    const SysOps *ops;
    int fd;
    gint refs;
};

/* A job and its thread; either side may be the last to use it. */
typedef struct {
    Crew *crew;
    CrewJob job;
    char *path;
    gboolean done;
    gboolean abandoned;
} Hand;

Crew *crew_new(const SysOps *ops)
{
    Crew *crew = g_new0(Crew, 1);

    crew->ops = ops;
    crew->refs = 1;
    crew->late = g_ptr_array_new();
    g_mutex_init(&crew->lock);
    g_cond_init(&crew->changed);
    return crew;
}

void crew_unref(Crew *crew)
{
    if (!crew || !g_atomic_int_dec_and_test(&crew->refs))
        return;
    g_ptr_array_unref(crew->late);
    g_mutex_clear(&crew->lock);
    g_cond_clear(&crew->changed);
    g_free(crew);
}

CrewFile *crew_file_new(const SysOps *ops, int fd)
{
    CrewFile *file = g_new0(CrewFile, 1);

    file->ops = ops;
    file->fd = fd;
    file->refs = 1;
    return file;
}

void crew_file_unref(CrewFile *file)
{
    if (!file || !g_atomic_int_dec_and_test(&file->refs))
        return;
    file->ops->close(file->fd);
    g_free(file);
}

static void hand_free(Hand *hand)
{
    crew_file_unref(hand->job.file);
    crew_unref(hand->crew);
    g_free(hand->path);
    g_free(hand);
}

/* Thaws @path as often as it was frozen. */
static int drain(const SysOps *ops, const char *path)
{
    int fd = ops->open_mount(path);
    int times = 0;

    if (fd < 0)
        return -1;
    while (ops->thaw(fd) == 0)
        times++;
    ops->close(fd);
    return times;
}

static int do_task(const SysOps *ops, const CrewJob *job, const char *path)
{
    switch (job->task) {
    case CREW_OPEN:
        return ops->open_mount(path);
    case CREW_SYNC:
        return ops->syncfs(job->file->fd);
    case CREW_FREEZE:
        return ops->freeze(job->file->fd); /* NOLINT: only CREW_OPEN and CREW_DRAIN have no file */
    case CREW_THAW:
        return ops->thaw(job->file->fd); /* NOLINT: as above */
    case CREW_DRAIN:
        return drain(ops, path);
    }
    return -1;
}

/* Undoes a call that was left behind: nothing may stay frozen or open because of it. */
static void tidy_up(const SysOps *ops, const CrewJob *job)
{
    if (job->task == CREW_OPEN && job->result >= 0)
        ops->close(job->result);
    if (job->task == CREW_FREEZE && job->result == 0)
        ops->thaw(job->file->fd);
}

static void set_late_locked(Hand *hand, gboolean late)
{
    if (hand->job.task != CREW_FREEZE)
        return;
    if (late)
        g_ptr_array_add(hand->crew->late, hand);
    else
        g_ptr_array_remove(hand->crew->late, hand);
}

/* Returns whether the waiter has left, so that the thread has to free @hand. */
static gboolean set_done(Hand *hand)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&hand->crew->lock);

    hand->done = TRUE;
    g_cond_broadcast(&hand->crew->changed);
    return hand->abandoned;
}

static void forget_late(Hand *hand)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&hand->crew->lock);

    set_late_locked(hand, FALSE);
    g_cond_broadcast(&hand->crew->changed);
}

static gpointer work(gpointer data)
{
    Hand *hand = data;
    Crew *crew = hand->crew;
    gint64 began = g_get_monotonic_time();

    hand->job.result = do_task(crew->ops, &hand->job, hand->path);
    hand->job.errnum = hand->job.result < 0 ? errno : 0;
    hand->job.took_us = g_get_monotonic_time() - began;
    if (!set_done(hand))
        return NULL; /* collect() frees @hand, perhaps already */
    tidy_up(crew->ops, &hand->job);
    forget_late(hand);
    hand_free(hand);
    return NULL;
}

/* A thaw is always started, and never cancelled. */
static gboolean is_thaw(const CrewJob *job)
{
    return job->task == CREW_THAW || job->task == CREW_DRAIN;
}

/* Returns NULL without a thread; then the job is done or has failed. */
static Hand *start(Crew *crew, CrewJob *job)
{
    Hand *hand = g_new0(Hand, 1);
    GThread *thread;

    g_atomic_int_inc(&crew->refs);
    hand->crew = crew;
    hand->job = *job;
    if (job->file)
        g_atomic_int_inc(&job->file->refs);
    hand->path = g_strdup(job->path);
    thread = g_thread_try_new("freeze", work, hand, NULL);
    if (thread) {
        g_thread_unref(thread);
        return hand;
    }
    hand_free(hand);
    job->result = -1;
    job->errnum = EAGAIN;
    /* A thaw must not fail for lack of a thread, even if the call blocks. */
    if (is_thaw(job)) {
        job->result = do_task(crew->ops, job, job->path);
        job->errnum = job->result < 0 ? errno : 0;
    }
    return NULL;
}

/* Waits for @hand. Returns FALSE if it is left behind, and then frees itself. */
static gboolean wait_for_locked(Crew *crew, Hand *hand, gint64 until)
{
    while (!hand->done && (!crew->cancelled || is_thaw(&hand->job)))
        if (!g_cond_wait_until(&crew->changed, &crew->lock, until))
            break;
    hand->abandoned = !hand->done;
    if (hand->abandoned)
        set_late_locked(hand, TRUE);
    return hand->done;
}

/* Waits for @hand, and copies what it did to @job. Returns FALSE if it is left behind. */
static gboolean take_result(Crew *crew, Hand *hand, CrewJob *job, gint64 until)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&crew->lock);

    if (!wait_for_locked(crew, hand, until))
        return FALSE;
    *job = hand->job;
    return TRUE;
}

static void collect(Crew *crew, Hand *hand, CrewJob *job, gint64 until)
{
    const char *path = job->path;
    gboolean done = take_result(crew, hand, job, until);

    job->path = path;
    job->late = !done;
    if (done)
        hand_free(hand);
}

static void run_batch(Crew *crew, CrewJob *jobs, gsize n, gint64 until)
{
    Hand *hands[CREW_SIZE];

    for (gsize i = 0; i < n; i++)
        hands[i] = start(crew, &jobs[i]);
    for (gsize i = 0; i < n; i++)
        if (hands[i])
            collect(crew, hands[i], &jobs[i], until);
}

/* Fails the jobs that were not started in time; they leave nothing behind. */
static void give_up(CrewJob *jobs, gsize n, int errnum)
{
    for (gsize i = 0; i < n; i++) {
        jobs[i].result = -1;
        jobs[i].errnum = errnum;
    }
}

void crew_run(Crew *crew, CrewJob *jobs, gsize n, gint64 until)
{
    for (gsize at = 0; at < n; at += CREW_SIZE) {
        gsize size = MIN(n - at, (gsize)CREW_SIZE);

        if (!is_thaw(jobs) && crew_cancelled(crew))
            give_up(jobs + at, size, ECANCELED);
        else if (!is_thaw(jobs) && g_get_monotonic_time() >= until)
            give_up(jobs + at, size, ETIMEDOUT);
        else
            run_batch(crew, jobs + at, size, until);
    }
}

static gboolean is_late_locked(const Crew *crew, const char *path)
{
    for (guint i = 0; i < crew->late->len; i++)
        if (g_str_equal(((const Hand *)crew->late->pdata[i])->path, path))
            return TRUE;
    return FALSE;
}

char **crew_late_freezes(Crew *crew)
{
    GPtrArray *paths = g_ptr_array_new();
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&crew->lock);

    for (guint i = 0; i < crew->late->len; i++)
        g_ptr_array_add(paths, g_strdup(((const Hand *)crew->late->pdata[i])->path));
    g_ptr_array_add(paths, NULL);
    return (char **)g_ptr_array_free(paths, FALSE);
}

gboolean crew_await_late_freeze(Crew *crew, const char *path, gint64 until)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&crew->lock);
    gboolean late;

    while ((late = is_late_locked(crew, path)) && !crew->cancelled)
        if (!g_cond_wait_until(&crew->changed, &crew->lock, until))
            break;
    return !late;
}

static void set_cancelled(Crew *crew, gboolean cancelled)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&crew->lock);

    crew->cancelled = cancelled;
    g_cond_broadcast(&crew->changed);
}

void crew_cancel(Crew *crew)
{
    set_cancelled(crew, TRUE);
}

void crew_uncancel(Crew *crew)
{
    set_cancelled(crew, FALSE);
}

gboolean crew_cancelled(Crew *crew)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&crew->lock);

    return crew->cancelled;
}
