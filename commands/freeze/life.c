/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "commands/freeze/private.h"

#include <errno.h>
#include <glib-unix.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "agent/base/log.h"
#include "commands/freeze/marker.h"
#include "commands/freeze/rcu.h"
#include "commands/freeze/select.h"
#include "lib/errors.h"

const char *const thaw_reasons[] = { "host", "timeout", "failed", "shutdown" };

FreezePhase freeze_phase(Freeze *freeze)
{
    FreezePhase phase;

    g_mutex_lock(&freeze->lock);
    phase = freeze->phase;
    g_mutex_unlock(&freeze->lock);
    return phase;
}

void freeze_set_phase(Freeze *freeze, FreezePhase phase)
{
    g_mutex_lock(&freeze->lock);
    freeze->phase = phase;
    g_cond_broadcast(&freeze->changed);
    g_mutex_unlock(&freeze->lock);
}

/* Arms the watchdog for deadline_us, or disarms it if that is 0. */
static void set_watchdog(Freeze *freeze, gint64 deadline_us)
{
    struct itimerspec when = { .it_value = { .tv_sec = deadline_us / G_USEC_PER_SEC,
                                             .tv_nsec = deadline_us % G_USEC_PER_SEC * 1000 } };

    g_mutex_lock(&freeze->lock);
    freeze->deadline_us = deadline_us;
    g_mutex_unlock(&freeze->lock);
    timerfd_settime(freeze->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
}

void freeze_enter(Freeze *freeze)
{
    g_mutex_lock(&freeze->lock);
    freeze->users++;
    g_mutex_unlock(&freeze->lock);
}

void freeze_leave(Freeze *freeze)
{
    g_mutex_lock(&freeze->lock);
    freeze->users--;
    g_cond_broadcast(&freeze->changed);
    g_mutex_unlock(&freeze->lock);
}

/* From here on nothing is written and no child is started. */
void freeze_enter_frozen_state(Freeze *freeze, gint64 deadline_us)
{
    const Services *services = freeze->services;

    log_hold(services->log, TRUE);
    services->set_frozen(services->agent, TRUE, deadline_us);
    freeze->frozen_since_us = boot_time_us();
    set_watchdog(freeze, deadline_us);
}

static void leave_frozen_state(Freeze *freeze)
{
    const Services *services = freeze->services;

    set_watchdog(freeze, 0);
    /* The hooks have yet to be let go on; an agent that is killed before leaves that to the next. */
    if (!services->settings->fsfreeze_hook || !freeze_mark_hooks(freeze, NULL))
        freeze_unmark(freeze);
    services->set_frozen(services->agent, FALSE, 0);
    log_hold(services->log, FALSE);
}

/* Thaws what is ours, then lets the hooks go on. Returns how many, or -1 with @error. */
static int thaw_all(Freeze *freeze, ThawReason reason, GError **error)
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

static gpointer watchdog_thaw(gpointer data)
{
    freeze_end(data, THAW_BY_TIMEOUT, NULL);
    freeze_leave(data);
    return NULL;
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

static gboolean on_timer(int fd, GIOCondition condition, gpointer data)
{
    guint64 expirations;

    (void)condition;
    if (read(fd, &expirations, sizeof expirations) != sizeof expirations)
        return G_SOURCE_CONTINUE;
    /*
     * A thread, because hooks may take their time. There may be none to be had just
     * because of the freeze, with all the processes that wait for its end.
     */
    if (!freeze_start_thread(data, "watchdog", watchdog_thaw))
        freeze_end(data, THAW_BY_TIMEOUT, NULL);
    return G_SOURCE_CONTINUE;
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

    /* The marker remembers what to go back to, from before it is changed until it is back. */
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

/* All but the hooks. Returns how many are frozen; or -1 with nothing left frozen. */
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
        g_message("freeze: no order by devices could be had; going by mount order");
    if (!freeze_engine_open(freeze->engine, &mounts, &plan, limits.until, error))
        return -1;
    freeze_engine_presync(freeze->engine, &limits);
    if (freeze_engine_cancelled(freeze->engine)) {
        set_error(error, "the freeze was cancelled");
        return -1;
    }
    return freeze_opened(freeze, &mounts, &limits, deadline_us, error);
}

/* What is left of an earlier cancellation does not concern the next freeze. */
static void reset_cancel(Freeze *freeze)
{
    guint64 count;

    freeze_engine_uncancel(freeze->engine);
    if (read(freeze->cancel_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        g_warning("eventfd: %s", g_strerror(errno));
}

static gboolean start_phase(Freeze *freeze, GError **error)
{
    gboolean ok, closed;

    g_mutex_lock(&freeze->lock);
    closed = freeze->closed;
    ok = freeze->phase == PHASE_THAWED && !closed;
    if (ok) {
        freeze->phase = PHASE_FREEZING;
        freeze->any = TRUE;
        freeze->grace_before = -1;
        freeze->ended_by = THAW_AFTER_FAILURE;
        freeze->host_unaware = FALSE;
        reset_cancel(freeze);
    }
    g_mutex_unlock(&freeze->lock);
    if (closed)
        return set_error(error, "the agent is about to end");
    return ok || set_error(error, "another freeze or thaw is still under way");
}

/*
 * Hooks hold applications up until all is frozen, so most of the syncing is done
 * before them; what they make dirty themselves is little.
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

/* The way out of a freeze that is not ours. */
static int drain_all(Freeze *freeze, GError **error)
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
 * Waits, under the lock, until nobody else is at work; a freeze under way is
 * cancelled. Returns TRUE if that ended a freeze or thaw of somebody else's.
 */
static gboolean wait_for_others(Freeze *freeze)
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
 * Whether that is the watchdog of an earlier freeze, which the host has ended before the
 * thread got to run; under the lock. The one that lasts, or is under way, is not its own.
 */
static gboolean is_outdated(const Freeze *freeze, ThawReason reason)
{
    return reason == THAW_BY_TIMEOUT &&
           (freeze->deadline_us == 0 || boot_time_us() < freeze->deadline_us);
}

static int end(Freeze *freeze, ThawReason reason, GError **error)
{
    gboolean frozen, waited;
    int n;

    g_mutex_lock(&freeze->lock);
    freeze->closed = freeze->closed || reason == THAW_AT_SHUTDOWN;
    waited = !is_outdated(freeze, reason) && wait_for_others(freeze);
    frozen = freeze->phase == PHASE_FROZEN;
    /*
     * A host that comes too late for its own freeze must learn so: 0. Only one that
     * has none asks for whatever else is frozen.
     */
    if (!frozen && (waited || reason != THAW_BY_HOST || freeze->host_unaware)) {
        freeze->host_unaware = freeze->host_unaware && reason != THAW_BY_HOST;
        g_mutex_unlock(&freeze->lock);
        return 0;
    }
    /* It may have become so while it waited. */
    if (is_outdated(freeze, reason)) {
        g_mutex_unlock(&freeze->lock);
        return 0;
    }
    freeze->phase = PHASE_THAWING;
    g_mutex_unlock(&freeze->lock);
    n = frozen ? thaw_all(freeze, reason, error) : drain_all(freeze, error);
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

void freeze_report(Freeze *freeze, Arena *arena, FreezeReport *report)
{
    const GPtrArray *calls = freeze_hooks_calls(freeze->hooks);
    const FreezeItem *items;
    gsize n;

    /* Outside of a freeze nobody changes what is read here. */
    g_mutex_lock(&freeze->lock);
    *report = (FreezeReport){ .phase = freeze->phase,
                              .any = freeze->any,
                              .ended_by = freeze->ended_by };
    if (freeze->phase == PHASE_THAWED) {
        report->sync_rounds = freeze_engine_sync_rounds(freeze->engine);
        items = freeze_engine_items(freeze->engine, &n);
        for (gsize i = 0; i < n; i++) {
            FreezeItem *item = list_append(&report->items, arena, sizeof *item);

            *item = items[i];
            item->mount_point = copy(arena, items[i].mount_point);
            item->device = copy(arena, items[i].device);
            item->type = copy(arena, items[i].type);
        }
        for (guint i = 0; i < calls->len; i++) {
            HookCall *call = list_append(&report->calls, arena, sizeof *call);

            *call = *(const HookCall *)calls->pdata[i];
            call->path = copy(arena, call->path);
        }
    }
    g_mutex_unlock(&freeze->lock);
}

Freeze *freeze_new(const Services *services, GError **error)
{
    Freeze *freeze = g_new0(Freeze, 1);

    freeze->services = services;
    freeze->grace_before = -1;
    g_mutex_init(&freeze->lock);
    g_cond_init(&freeze->changed);
    freeze->engine = freeze_engine_new(services->sysops);
    freeze->hooks = freeze_hooks_new(services->settings->fsfreeze_hook,
                                     services->settings->hook_timeout_s * G_USEC_PER_SEC);
    freeze->cancel_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    freeze->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    if (freeze->cancel_fd < 0 || freeze->timer_fd < 0) {
        set_errno_error(error, errno, "timerfd");
        freeze_free(freeze);
        return NULL;
    }
    freeze->timer_source = g_unix_fd_add(freeze->timer_fd, G_IO_IN, on_timer, freeze);
    freeze_take_over(freeze);
    return freeze;
}

void freeze_free(Freeze *freeze)
{
    if (freeze->release_source)
        g_source_remove(freeze->release_source);
    /* All are in their last lines by now, since freeze_end() has waited for their work. */
    g_mutex_lock(&freeze->lock);
    while (freeze->users > 0)
        g_cond_wait(&freeze->changed, &freeze->lock);
    g_mutex_unlock(&freeze->lock);
    if (freeze->timer_source)
        g_source_remove(freeze->timer_source);
    if (freeze->cancel_fd >= 0)
        close(freeze->cancel_fd);
    if (freeze->timer_fd >= 0)
        close(freeze->timer_fd);
    freeze_hooks_free(freeze->hooks);
    freeze_engine_free(freeze->engine);
    g_mutex_clear(&freeze->lock);
    g_cond_clear(&freeze->changed);
    g_free(freeze);
}
