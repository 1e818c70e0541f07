/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/engine.h"

#include <errno.h>
#include <sys/sysmacros.h>

#include "lib/errors.h"

/* Opening a directory of a local filesystem is faster, unless its device is gone. */
#define OPEN_LIMIT_US (2 * G_USEC_PER_SEC)
/* A thaw writes little. It gets a long time, because nothing else could end the freeze. */
#define THAW_LIMIT_US (30 * G_USEC_PER_SEC)
/* A round that takes more than this part of the previous one is the last. */
#define SYNC_GAIN_PERCENT 70
#define MAX_SYNC_ROUNDS 20

struct FreezeEngine {
    const SysOps *ops;
    Crew *crew;
    GArray *items; /* of FreezeItem */
    const List *mounts; /* of Mount, one for each item; only while they are opened */
    guint n_levels;
    guint sync_rounds;
};

static void item_clear(gpointer data)
{
    FreezeItem *item = data;

    g_free(item->mount_point);
    g_free(item->device);
    g_free(item->type);
}

FreezeEngine *freeze_engine_new(const SysOps *ops)
{
    FreezeEngine *engine = g_new0(FreezeEngine, 1);

    engine->ops = ops;
    engine->crew = crew_new(ops);
    engine->items = g_array_new(FALSE, TRUE, sizeof(FreezeItem));
    g_array_set_clear_func(engine->items, item_clear);
    return engine;
}

/* The errnum of a hidden filesystem; no open(2) of a directory fails with it. */
#define HIDDEN EXDEV

const char *freeze_item_reason(const FreezeItem *item)
{
    if (!item->errnum)
        return NULL;
    return item->errnum == HIDDEN ? "another mount hides it" : g_strerror(item->errnum);
}

static FreezeItem *item_at(const FreezeEngine *engine, gsize index)
{
    return &g_array_index(engine->items, FreezeItem, index);
}

static void close_items(FreezeEngine *engine)
{
    for (guint i = 0; i < engine->items->len; i++)
        g_clear_pointer(&item_at(engine, i)->file, crew_file_unref);
}

void freeze_engine_free(FreezeEngine *engine)
{
    if (!engine)
        return;
    close_items(engine);
    g_array_unref(engine->items);
    crew_unref(engine->crew);
    g_free(engine);
}

void freeze_engine_cancel(FreezeEngine *engine)
{
    crew_cancel(engine->crew);
}

void freeze_engine_uncancel(FreezeEngine *engine)
{
    crew_uncancel(engine->crew);
}

gboolean freeze_engine_cancelled(FreezeEngine *engine)
{
    return crew_cancelled(engine->crew);
}

char **freeze_engine_late(const FreezeEngine *engine)
{
    return crew_late_freezes(engine->crew);
}

const FreezeItem *freeze_engine_items(const FreezeEngine *engine, gsize *n)
{
    *n = engine->items->len;
    return (const FreezeItem *)(void *)engine->items->data;
}

guint freeze_engine_sync_rounds(const FreezeEngine *engine)
{
    return engine->sync_rounds;
}

static void forget(FreezeEngine *engine)
{
    close_items(engine);
    g_array_set_size(engine->items, 0);
    engine->sync_rounds = 0;
}

static void take_mounts(FreezeEngine *engine, const List *mounts, const FreezePlan *plan)
{
    forget(engine);
    engine->n_levels = plan->n_levels;
    for (gsize i = 0; i < mounts->len; i++) {
        const Mount *mount = list_at(mounts, Mount, i);
        FreezeItem item = {
            .mount_point = g_strdup(mount->mount_point),
            .device = g_strdup_printf("%u:%u", major(mount->device), minor(mount->device)),
            .type = g_strdup(mount->type),
            .level = plan->levels[i],
        };

        g_array_append_val(engine->items, item);
    }
}

static const Mount *mount_of(const FreezeEngine *engine, const FreezeItem *item)
{
    return list_at(engine->mounts, Mount, (gsize)(item - item_at(engine, 0)));
}

static const char *point_to_open(const FreezeEngine *engine, const FreezeItem *item)
{
    const Mount *mount = mount_of(engine, item);

    return item->tried == 0 ? mount->mount_point
                            : *list_at(&mount->other_mount_points, char *, item->tried - 1);
}

/*
 * Runs @task on the items in @state of @level (of any level if negative); @done gets each
 * result.
 */
static void run_on(FreezeEngine *engine, CrewTask task, int level, FreezeState state, gint64 until,
                   void (*done)(FreezeEngine *engine, FreezeItem *item, const CrewJob *job))
{
    g_autoptr(GArray) jobs = g_array_new(FALSE, TRUE, sizeof(CrewJob));
    g_autoptr(GArray) owners = g_array_new(FALSE, FALSE, sizeof(FreezeItem *));

    for (guint i = 0; i < engine->items->len; i++) {
        FreezeItem *item = item_at(engine, i);
        CrewJob job = { .task = task, .path = item->mount_point, .file = item->file };

        if (item->state != state || (level >= 0 && item->level != (guint)level))
            continue;
        if (task == CREW_OPEN) {
            if (item->file)
                continue;
            job.path = point_to_open(engine, item);
        }
        g_array_append_val(jobs, job);
        g_array_append_val(owners, item);
    }
    crew_run(engine->crew, (CrewJob *)(void *)jobs->data, jobs->len, until);
    for (guint i = 0; i < jobs->len; i++)
        done(engine, g_array_index(owners, FreezeItem *, i), &g_array_index(jobs, CrewJob, i));
}

/* Whether a mount point can be left out without harm to the host's purpose. */
static gboolean is_harmless(int errnum)
{
    switch (errnum) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
    case EPERM:
    case ESTALE:
    case ENOTCONN:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ETIMEDOUT:
        return TRUE;
    default:
        return FALSE;
    }
}

/*
 * Whether @fd, opened by a path, is on @mount, which another mount may hide. The device numbers
 * of btrfs differ between the mount table and its files; the mount ids are the same.
 */
static gboolean lies_on(const FreezeEngine *engine, int fd, const Mount *mount)
{
    uint64_t mount_id;
    dev_t device;

    if (!mount->device || engine->ops->identify(fd, &device, &mount_id) < 0 ||
        device == mount->device)
        return TRUE;
    for (gsize i = 0; i < mount->mount_ids.len; i++)
        if (mount_id == (uint64_t)*list_at(&mount->mount_ids, int, i))
            return TRUE;
    /* Before Linux 5.8 the mount id is unknown; then an anonymous number may be any subvolume's. */
    return !mount_id && !major(device) && g_str_equal(mount->type, "btrfs");
}

/* Goes to the next mount point of @item, if there is one, when the last did not lead to it. */
static void not_reached(const FreezeEngine *engine, FreezeItem *item)
{
    if (item->tried < mount_of(engine, item)->other_mount_points.len)
        item->tried++;
    else
        item->state = FREEZE_SKIPPED;
}

static void opened(FreezeEngine *engine, FreezeItem *item, const CrewJob *job)
{
    item->errnum = job->late ? ETIMEDOUT : job->errnum;
    if (!item->errnum && lies_on(engine, job->result, mount_of(engine, item))) {
        item->file = crew_file_new(engine->ops, job->result);
    } else if (!item->errnum) {
        engine->ops->close(job->result);
        item->errnum = HIDDEN;
        not_reached(engine, item);
    } else if (is_harmless(item->errnum) && item->errnum != ETIMEDOUT) {
        not_reached(engine, item);
    } else {
        item->state = is_harmless(item->errnum) ? FREEZE_SKIPPED : FREEZE_FAILED;
    }
}

static gboolean any_to_open(const FreezeEngine *engine)
{
    for (guint i = 0; i < engine->items->len; i++)
        if (item_at(engine, i)->state == FREEZE_PENDING && !item_at(engine, i)->file)
            return TRUE;
    return FALSE;
}

/* Opens each filesystem by the first of its mount points that leads to it. */
static void open_items(FreezeEngine *engine, const List *mounts, const FreezePlan *plan,
                       gint64 until)
{
    take_mounts(engine, mounts, plan);
    engine->mounts = mounts;
    while (any_to_open(engine))
        run_on(engine, CREW_OPEN, -1, FREEZE_PENDING, until, opened);
    engine->mounts = NULL;
}

static gboolean first_failure(FreezeEngine *engine, const char *what, GError **error)
{
    for (guint i = 0; i < engine->items->len; i++) {
        const FreezeItem *item = item_at(engine, i);

        if (item->state == FREEZE_FAILED)
            return !set_errno_error(error, item->errnum, "failed to %s %s", what,
                                    item->mount_point);
    }
    return FALSE;
}

gboolean freeze_engine_open(FreezeEngine *engine, const List *mounts, const FreezePlan *plan,
                            gint64 until, GError **error)
{
    open_items(engine, mounts, plan, MIN(until, g_get_monotonic_time() + OPEN_LIMIT_US));
    return !first_failure(engine, "open", error);
}

static void synced(FreezeEngine *engine, FreezeItem *item, const CrewJob *job)
{
    (void)engine;

    item->sync_us += job->took_us;
}

/* Syncs once; returns how long that took, in microseconds. */
static gint64 sync_round(FreezeEngine *engine, gint64 until)
{
    gint64 began = g_get_monotonic_time();

    run_on(engine, CREW_SYNC, -1, FREEZE_PENDING, until, synced);
    engine->sync_rounds++;
    return g_get_monotonic_time() - began;
}

/*
 * Each round leaves what was written during the previous one. If that is as much again, because
 * applications write as fast as the disk, another round does not help.
 */
void freeze_engine_presync(FreezeEngine *engine, const FreezeLimits *limits)
{
    gint64 end = MIN(g_get_monotonic_time() + limits->presync_limit_us, limits->until);
    gint64 last = G_MAXINT64;

    while (limits->presync_limit_us > 0 && engine->sync_rounds < MAX_SYNC_ROUNDS &&
           g_get_monotonic_time() < end && !crew_cancelled(engine->crew)) {
        gint64 took = sync_round(engine, end);

        if (took <= limits->presync_target_us || took > last / 100 * SYNC_GAIN_PERCENT)
            return;
        last = took;
    }
}

static void frozen(FreezeEngine *engine, FreezeItem *item, const CrewJob *job)
{
    (void)engine;

    item->freeze_us = job->took_us;
    item->errnum = job->errnum;
    if (job->late) {
        item->state = FREEZE_LATE; /* its thread thaws it when it returns */
    } else if (job->result == 0) {
        item->state = FREEZE_DONE;
        item->frozen_at = g_get_monotonic_time();
    } else if (job->errnum == EBUSY) {
        item->state = FREEZE_FOREIGN;
    } else if (job->errnum == EOPNOTSUPP || job->errnum == ENOTTY) {
        item->state = FREEZE_UNSUPPORTED;
    } else {
        item->state = FREEZE_FAILED;
    }
}

static gboolean first_late(FreezeEngine *engine, gint64 began, GError **error)
{
    for (guint i = 0; i < engine->items->len; i++)
        if (item_at(engine, i)->state == FREEZE_LATE)
            return !set_error(error, "failed to freeze %s: no response within %.1f s",
                              item_at(engine, i)->mount_point,
                              (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC);
    return FALSE;
}

static int count_state(const FreezeEngine *engine, FreezeState state)
{
    int n = 0;

    for (guint i = 0; i < engine->items->len; i++)
        n += item_at(engine, i)->state == state;
    return n;
}

static void log_left_out(const FreezeEngine *engine)
{
    for (guint i = 0; i < engine->items->len; i++)
        if (item_at(engine, i)->state == FREEZE_SKIPPED)
            g_message("freeze: skipping %s: %s", item_at(engine, i)->mount_point,
                      freeze_item_reason(item_at(engine, i)));
}

/* Waits for calls that an earlier freeze left behind: they may freeze, and then thaw. */
static void await_late(FreezeEngine *engine, gint64 until)
{
    for (guint i = 0; i < engine->items->len; i++) {
        FreezeItem *item = item_at(engine, i);

        if (item->state == FREEZE_PENDING &&
            !crew_await_late_freeze(engine->crew, item->mount_point, until))
            item->state = FREEZE_LATE;
    }
}

/* A cancelled call also counts as late, so the cancellation comes first. */
static gboolean was_stopped(FreezeEngine *engine, gint64 began, GError **error)
{
    if (crew_cancelled(engine->crew))
        return !set_error(error, "the freeze was cancelled");
    return first_late(engine, began, error);
}

int freeze_engine_freeze(FreezeEngine *engine, const FreezeLimits *limits, GError **error)
{
    gint64 began = g_get_monotonic_time();

    log_left_out(engine);
    await_late(engine, limits->until);
    if (was_stopped(engine, began, error))
        return -1;
    for (guint level = 0; level < engine->n_levels; level++) {
        run_on(engine, CREW_FREEZE, (int)level, FREEZE_PENDING, limits->until, frozen);
        if (was_stopped(engine, began, error) || first_failure(engine, "freeze", error))
            return -1;
    }
    return count_state(engine, FREEZE_DONE);
}

/* EINVAL: the filesystem was not frozen any more, as another process had thawed it. */
static void thawed(FreezeEngine *engine, FreezeItem *item, const CrewJob *job)
{
    (void)engine;

    item->thawed_at = g_get_monotonic_time();
    item->errnum = job->late ? ETIMEDOUT : job->errnum;
    item->state = item->errnum ? FREEZE_FAILED : FREEZE_THAWED;
    if (item->errnum)
        g_warning("thaw of %s: %s", item->mount_point, g_strerror(item->errnum));
}

int freeze_engine_thaw(FreezeEngine *engine)
{
    int before = count_state(engine, FREEZE_THAWED);

    crew_uncancel(engine->crew);
    for (guint level = engine->n_levels; level > 0; level--)
        run_on(engine, CREW_THAW, (int)level - 1, FREEZE_DONE,
               g_get_monotonic_time() + THAW_LIMIT_US, thawed);
    close_items(engine);
    return count_state(engine, FREEZE_THAWED) - before;
}

static void drained(FreezeEngine *engine, FreezeItem *item, const CrewJob *job)
{
    (void)engine;

    item->state = !job->late && job->result > 0 ? FREEZE_THAWED : FREEZE_UNSUPPORTED;
}

int freeze_engine_drain(FreezeEngine *engine, const List *mounts, const FreezePlan *plan)
{
    take_mounts(engine, mounts, plan);
    for (guint level = engine->n_levels; level > 0; level--)
        run_on(engine, CREW_DRAIN, (int)level - 1, FREEZE_PENDING,
               g_get_monotonic_time() + THAW_LIMIT_US, drained);
    return count_state(engine, FREEZE_THAWED);
}

void freeze_engine_adopt(FreezeEngine *engine, const List *mounts, const FreezePlan *plan)
{
    open_items(engine, mounts, plan, g_get_monotonic_time() + OPEN_LIMIT_US);
    for (guint i = 0; i < engine->items->len; i++) {
        FreezeItem *item = item_at(engine, i);

        if (!item->file)
            continue;
        item->state = FREEZE_DONE;
        item->frozen_at = g_get_monotonic_time();
    }
}
