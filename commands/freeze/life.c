/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/private.h"

#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "agent/base/main-thread.h"
#include "commands/freeze/rcu.h"
#include "commands/freeze/select.h"
#include "lib/errors.h"

const char *const thaw_reasons[] = { "host", "timeout", "failed", "shutdown" };

FreezePhase freeze_phase(Freeze *freeze)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&freeze->lock);

    return freeze->phase;
}

void freeze_set_phase(Freeze *freeze, FreezePhase phase)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&freeze->lock);

    freeze->phase = phase;
    g_cond_broadcast(&freeze->changed);
}

void freeze_enter(Freeze *freeze)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&freeze->lock);

    freeze->users++;
}

void freeze_leave(Freeze *freeze)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&freeze->lock);

    freeze->users--;
    g_cond_broadcast(&freeze->changed);
}

void freeze_enter_frozen_state(Freeze *freeze, gint64 deadline_us)
{
    const Services *services = freeze->services;

    log_hold(services->log, TRUE);
    services->set_frozen(services->agent, TRUE, deadline_us);
    freeze->frozen_since_us = boot_time_us();
    freeze_watchdog_set(freeze->watchdog, deadline_us);
}

static void leave_frozen_state(Freeze *freeze)
{
    const Services *services = freeze->services;

    freeze_watchdog_set(freeze->watchdog, 0);
    /* The hooks are still to be called: if this agent is killed before, the next one calls them. */
    if (!services->settings->fsfreeze_hook || !freeze_mark_hooks(freeze, NULL))
        freeze_unmark(freeze);
    services->set_frozen(services->agent, FALSE, 0);
    log_hold(services->log, FALSE);
}

/* Thaws what this freeze froze, then calls the hooks. Returns how many filesystems, or -1. */
static int thaw_ours(Freeze *freeze, ThawReason reason, GError **error)
{
    int n = freeze_engine_thaw(freeze->engine);
    gboolean ok;

    leave_frozen_state(freeze);
    freeze->ended_by = reason;
    freeze->host_unaware = reason == THAW_BY_TIMEOUT;
    if (reason == THAW_BY_TIMEOUT) {
        g_warning("thawed %d filesystems: the host did not thaw them in time", n);
        freeze_emit_ended(freeze, n, reason);
    } else {
        g_info("thawed %d filesystems: %s", n, thaw_reasons[reason]);
    }
    ok = freeze_hooks_thaw(freeze->hooks, thaw_reasons[reason], error);
    freeze_unmark(freeze);
    return ok ? n : -1;
}

gboolean freeze_start_thread(Freeze *freeze, const char *name, GThreadFunc func)
{
    GThread *thread;

    freeze_enter(freeze);
    thread = g_thread_try_new(name, func, freeze, NULL);
    if (!thread) {
        freeze_leave(freeze);
        return FALSE;
    }
    g_thread_unref(thread);
    return TRUE;
}

static gpointer thaw_overdue(gpointer data)
{
    freeze_end(data, THAW_BY_TIMEOUT, NULL);
    freeze_leave(data);
    return NULL;
}

/*
 * On a thread, because hooks may take long. During a freeze processes pile up that wait for its
 * end, so there may be no thread left; then the main loop thaws.
 */
static void on_overdue(gpointer data)
{
    if (!freeze_start_thread(data, "watchdog", thaw_overdue))
        freeze_end(data, THAW_BY_TIMEOUT, NULL);
}

static FreezeLimits limits_of(const Settings *settings)
{
    return (FreezeLimits){
        .presync_target_us = settings->presync_target_ms * 1000,
        .presync_limit_us = settings->presync_limit_s * G_USEC_PER_SEC,
        .until = g_get_monotonic_time() + settings->freeze_deadline_s * G_USEC_PER_SEC,
    };
}

/* Freezes what is open, with short grace periods. Returns as freeze_engine_freeze(). */
static int freeze_opened(Freeze *freeze, const List *mounts, const FreezeLimits *limits,
                         gint64 deadline_us, GError **error)
{
    const Sysroot *sysroot = freeze->services->sysroot;
    int n;

    /* The marker holds the original setting from before the change until it is restored. */
    freeze->grace_before = quick_grace_before(sysroot);
    if (!freeze_mark(freeze, mounts, deadline_us, error))
        return -1;
    quick_grace_begin(sysroot, freeze->grace_before);
    freeze_enter_frozen_state(freeze, deadline_us);
    n = freeze_engine_freeze(freeze->engine, limits, error);
    if (n <= 0)
        freeze_engine_thaw(freeze->engine);
    quick_grace_end(sysroot, freeze->grace_before);
    freeze->grace_before = -1;
    if (n > 0)
        freeze_mark_ours(freeze, deadline_us);
    else
        leave_frozen_state(freeze);
    return n;
}

/* Everything but the hooks. Returns how many are frozen, or -1 with nothing left frozen. */
static int freeze_filesystems(Freeze *freeze, const List *mount_points, gint64 timeout_s,
                              Arena *arena, GError **error)
{
    FreezeLimits limits = limits_of(freeze->services->settings);
    gint64 deadline_us = timeout_s ? boot_time_us() + timeout_s * G_USEC_PER_SEC : 0;
    List mounts = { NULL };
    FreezePlan plan;

    if (!freeze_select(freeze->services, mount_points, &mounts, &plan, arena, error))
        return -1;
    if (plan.is_fallback && mounts.len > 1)
        g_message("freeze: cannot order filesystems by device; using mount order");
    if (!freeze_engine_open(freeze->engine, &mounts, &plan, limits.until, error))
        return -1;
    freeze_engine_presync(freeze->engine, &limits);
    if (freeze_engine_cancelled(freeze->engine)) {
        set_error(error, "the freeze was cancelled");
        return -1;
    }
    return freeze_opened(freeze, &mounts, &limits, deadline_us, error);
}

/* An earlier cancellation does not apply to the next freeze. */
static void reset_cancel(Freeze *freeze)
{
    guint64 count;

    freeze_engine_uncancel(freeze->engine);
    if (read(freeze->cancel_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        g_warning("eventfd: %s", g_strerror(errno));
}

static gboolean start_phase(Freeze *freeze, GError **error)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&freeze->lock);

    if (freeze->closed)
        return set_error(error, "the agent is stopping");
    if (freeze->phase != PHASE_THAWED)
        return set_error(error, "another freeze or thaw is in progress");
    freeze->phase = PHASE_FREEZING;
    freeze->any = TRUE;
    freeze->grace_before = -1;
    freeze->ended_by = THAW_AFTER_FAILURE;
    freeze->host_unaware = FALSE;
    reset_cancel(freeze);
    return TRUE;
}

/*
 * Hooks hold applications up until everything is frozen, so most of the syncing happens before
 * the hooks; what the hooks themselves write is little.
 */
static void presync_before_hooks(Freeze *freeze, const List *mount_points, Arena *arena)
{
    FreezeLimits limits = limits_of(freeze->services->settings);
    List mounts = { NULL };
    FreezePlan plan;

    if (freeze->services->settings->fsfreeze_hook &&
        freeze_select(freeze->services, mount_points, &mounts, &plan, arena, NULL) &&
        freeze_engine_open(freeze->engine, &mounts, &plan, limits.until, NULL))
        freeze_engine_presync(freeze->engine, &limits);
}

static int begin(Freeze *freeze, const List *mount_points, gint64 timeout_s, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    int n = -1;

    if (!start_phase(freeze, error))
        return -1;
    presync_before_hooks(freeze, mount_points, arena);
    if (freeze_mark_hooks(freeze, error) &&
        freeze_hooks_freeze(freeze->hooks, freeze->cancel_fd, error)) {
        n = freeze_filesystems(freeze, mount_points, timeout_s, arena, error);
        if (n <= 0)
            freeze_hooks_thaw(freeze->hooks, thaw_reasons[THAW_AFTER_FAILURE], NULL);
    }
    if (n <= 0)
        freeze_unmark(freeze);
    freeze_set_phase(freeze, n > 0 ? PHASE_FROZEN : PHASE_THAWED);
    return n;
}

int freeze_begin(Freeze *freeze, const List *mount_points, gint64 timeout_s, GError **error)
{
    int n;

    freeze_enter(freeze);
    n = begin(freeze, mount_points, timeout_s, error);
    freeze_leave(freeze);
    return n;
}

/* The way out of a freeze that this agent did not make: thaws whatever is frozen. */
static int thaw_foreign(Freeze *freeze, GError **error)
{
    const Services *services = freeze->services;
    g_autoptr(Arena) arena = arena_new();
    List mounts = { NULL };
    FreezeEngine *engine;
    FreezePlan plan;
    int n;

    if (!mounts_read(services->sysroot, &mounts, arena, error))
        return -1;
    freeze_plan(services->sysroot, services->sysops, &mounts, arena, &plan);
    engine = freeze_engine_new(services->sysops);
    n = freeze_engine_drain(engine, &mounts, &plan);
    freeze_engine_free(engine);
    return freeze_hooks_thaw(freeze->hooks, thaw_reasons[THAW_BY_HOST], error) ? n : -1;
}

/*
 * Waits until no other thread freezes or thaws; a freeze in progress is cancelled. Returns
 * whether another thread's freeze or thaw ended meanwhile.
 */
static gboolean wait_for_others_locked(Freeze *freeze)
{
    guint64 one = 1;
    gboolean waited = FALSE;

    while (freeze->phase == PHASE_FREEZING || freeze->phase == PHASE_THAWING) {
        if (freeze->phase == PHASE_FREEZING && !waited) {
            freeze_engine_cancel(freeze->engine);
            if (write(freeze->cancel_fd, &one, sizeof one) < 0)
                g_warning("eventfd: %s", g_strerror(errno));
        }
        waited = TRUE;
        g_cond_wait(&freeze->changed, &freeze->lock);
    }
    return waited;
}

/*
 * Whether the caller is the watchdog of an earlier freeze, which the host ended before the
 * watchdog's thread ran. The freeze that lasts, or is in progress, is not the watchdog's own.
 */
static gboolean is_outdated(Freeze *freeze, ThawReason reason)
{
    return reason == THAW_BY_TIMEOUT && !freeze_watchdog_is_due(freeze->watchdog);
}

typedef enum {
    TARGET_NONE,
    TARGET_OURS,    /* the freeze of this agent */
    TARGET_FOREIGN, /* whatever is frozen in the system */
} ThawTarget;

/* Decides what to thaw for @reason, and enters PHASE_THAWING unless that is TARGET_NONE. */
static ThawTarget claim_thaw(Freeze *freeze, ThawReason reason)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&freeze->lock);
    gboolean frozen, waited;

    freeze->closed = freeze->closed || reason == THAW_AT_SHUTDOWN;
    waited = !is_outdated(freeze, reason) && wait_for_others_locked(freeze);
    frozen = freeze->phase == PHASE_FROZEN;
    /*
     * A host that thaws after its freeze has ended must learn that: it gets 0. Only a host
     * without a freeze asks for whatever else is frozen.
     */
    if (!frozen && (waited || reason != THAW_BY_HOST || freeze->host_unaware)) {
        freeze->host_unaware = freeze->host_unaware && reason != THAW_BY_HOST;
        return TARGET_NONE;
    }
    /* A new freeze may have started during the wait. */
    if (is_outdated(freeze, reason))
        return TARGET_NONE;
    freeze->phase = PHASE_THAWING;
    return frozen ? TARGET_OURS : TARGET_FOREIGN;
}

static int end(Freeze *freeze, ThawReason reason, GError **error)
{
    ThawTarget target = claim_thaw(freeze, reason);
    int n;

    if (target == TARGET_NONE)
        return 0;
    n = target == TARGET_OURS ? thaw_ours(freeze, reason, error) : thaw_foreign(freeze, error);
    freeze_set_phase(freeze, PHASE_THAWED);
    return n;
}

int freeze_end(Freeze *freeze, ThawReason reason, GError **error)
{
    int n;

    freeze_enter(freeze);
    if (reason == THAW_AT_SHUTDOWN)
        freeze_finish_take_over(freeze);
    n = end(freeze, reason, error);
    freeze_leave(freeze);
    return n;
}

static char *copy(Arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

static void copy_items(const FreezeEngine *engine, Arena *arena, List *copies)
{
    gsize n;
    const FreezeItem *items = freeze_engine_items(engine, &n);

    for (gsize i = 0; i < n; i++) {
        FreezeItem *item = list_append(copies, arena, sizeof *item);

        *item = items[i];
        item->mount_point = copy(arena, items[i].mount_point);
        item->device = copy(arena, items[i].device);
        item->type = copy(arena, items[i].type);
    }
}

static void copy_calls(const FreezeHooks *hooks, Arena *arena, List *copies)
{
    const GPtrArray *calls = freeze_hooks_calls(hooks);

    for (guint i = 0; i < calls->len; i++) {
        HookCall *call = list_append(copies, arena, sizeof *call);

        *call = *(const HookCall *)calls->pdata[i];
        call->path = copy(arena, call->path);
    }
}

void freeze_report(Freeze *freeze, Arena *arena, FreezeReport *report)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&freeze->lock);

    *report = (FreezeReport){ .phase = freeze->phase, .any = freeze->any };
    /* In the other phases a thread may change the rest without the lock. */
    if (freeze->phase != PHASE_THAWED)
        return;
    report->ended_by = freeze->ended_by;
    report->sync_rounds = freeze_engine_sync_rounds(freeze->engine);
    copy_items(freeze->engine, arena, &report->items);
    copy_calls(freeze->hooks, arena, &report->calls);
}

Freeze *freeze_new(const Services *services, GError **error)
{
    Freeze *freeze = g_new0(Freeze, 1);

    assert_main_thread();
    freeze->services = services;
    freeze->grace_before = -1;
    g_mutex_init(&freeze->lock);
    g_cond_init(&freeze->changed);
    freeze->engine = freeze_engine_new(services->sysops);
    freeze->hooks = freeze_hooks_new(services->settings->fsfreeze_hook,
                                     services->settings->hook_timeout_s * G_USEC_PER_SEC);
    freeze->cancel_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (freeze->cancel_fd < 0)
        set_errno_error(error, errno, "eventfd");
    else
        freeze->watchdog = freeze_watchdog_new(on_overdue, freeze, error);
    if (!freeze->watchdog) {
        freeze_free(freeze);
        return NULL;
    }
    freeze_take_over(freeze);
    return freeze;
}

static void wait_for_users(Freeze *freeze)
{
    g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new(&freeze->lock);

    while (freeze->users > 0)
        g_cond_wait(&freeze->changed, &freeze->lock);
}

void freeze_free(Freeze *freeze)
{
    assert_main_thread();
    if (freeze->release_source)
        g_source_remove(freeze->release_source);
    /* They are about to return, since freeze_end() has waited for their work. */
    wait_for_users(freeze);
    freeze_watchdog_free(freeze->watchdog);
    if (freeze->cancel_fd >= 0)
        close(freeze->cancel_fd);
    freeze_hooks_free(freeze->hooks);
    freeze_engine_free(freeze->engine);
    g_mutex_clear(&freeze->lock);
    g_cond_clear(&freeze->changed);
    g_free(freeze);
}
