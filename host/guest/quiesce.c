/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest/quiesce.h"

#include "host/base/value-get.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

/* Attempts of a thaw that is not answered, and the pause between two. */
#define THAW_ATTEMPTS 3
#define THAW_PAUSE_MS 500

void quiesce_plan_clear(QuiescePlan *plan)
{
    g_clear_pointer(&plan->points, g_strfreev);
}

void quiesce_init(Quiesce *window, Vm *vm, const QuiescePlan *plan)
{
    *window = (Quiesce){ .vm = vm, .plan = plan, .thawed = -1 };
}

static const char *freeze_command(const Quiesce *window)
{
    return window->plan->points ? "guest-fsfreeze-freeze-list" : "guest-fsfreeze-freeze";
}

void quiesce_clear(Quiesce *window)
{
    g_clear_pointer(&window->reason, g_free);
    g_clear_pointer(&window->report, g_free);
    if (window->left_out)
        g_string_free(g_steal_pointer(&window->left_out), TRUE);
}

static void set_reason(Quiesce *window, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The first reason is the one that led to the others. */
static void set_reason(Quiesce *window, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    if (!window->reason)
        window->reason = g_strdup_vprintf(format, ap);
    va_end(ap);
}

/* The agent of a VM whose CPUs are stopped would only time out. */
static gboolean check_state(Quiesce *window, GError **error)
{
    VmState state;

    if (!vm_state(window->vm, &state, NULL) || state == VM_RUNNING || state == VM_IDLE ||
        state == VM_UNDEFINED)
        return TRUE;
    return set_error(error, "the VM is %s; its agent cannot freeze the filesystems",
                     vm_state_name(state));
}

static gboolean check_agent(Quiesce *window, GError **error)
{
    const char *const needed[] = { freeze_command(window), "guest-fsfreeze-thaw" };
    gboolean has;

    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++) {
        if (!vm_agent_has(window->vm, needed[i], &has, error))
            return FALSE;
        if (!has)
            return set_error(error, "the agent does not serve %s; allow it in the guest",
                             needed[i]);
    }
    return vm_agent_has(window->vm, "guestd-fsfreeze-report", &window->guestd, error);
}

static gboolean has_status(Vm *vm, const char *wanted, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *status = vm_ask_plain(vm, "guest-fsfreeze-status", arena, error);

    return status && status->kind == VALUE_STRING && g_str_equal(status->string.text, wanted);
}

/*
 * A freeze by another program must be left alone. The status is asked for first: within a freeze,
 * agents report that they serve no freeze. An agent without a status may still freeze.
 */
static gboolean check_thawed(Quiesce *window, GError **error)
{
    g_autoptr(GError) problem = NULL;
    gboolean frozen = has_status(window->vm, "frozen", &problem);

    if (frozen)
        return set_error(error, "the guest is frozen already, by another program or one that was "
                                "lost; \"guestctl %s thaw\" thaws it", window->vm->name);
    if (!problem || g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED) ||
        g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

/* guestd also gets a time after which it thaws by itself, in case guestctl is killed. */
static gboolean freeze(Quiesce *window, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new(freeze_command(window));
    char **points = window->plan->points;
    const Value *count;

    if (points)
        request_strings(request, "mountpoints", (const char *const *)points);
    if (window->guestd)
        request_int(request, "timeout", 2 * window->plan->limit_s);
    window->owed = TRUE;
    context_guard(window->vm->context);
    count = vm_ask(window->vm, request, window->plan->limit_s * 1000, arena, error);
    if (!count)
        return FALSE;
    window->began = g_get_monotonic_time();
    window->began_at = g_get_real_time();
    window->filesystems = count->kind == VALUE_INT ? count->integer : 0;
    if (window->filesystems <= 0)
        return set_error(error, "the agent found no filesystem to freeze");
    /* Agents pass over what is not mounted. Two mount points of one filesystem count as one, too. */
    if (points && window->filesystems < g_strv_length(points))
        return set_error(error, "the agent froze %" G_GINT64_FORMAT " filesystems for %u mount points; "
                                "\"guestctl %s fsinfo\" lists what is mounted",
                         window->filesystems, g_strv_length(points), window->vm->name);
    return TRUE;
}

/* An agent that refuses has usually undone what it did; its status shows that. */
static gboolean is_undone(Quiesce *window, const GError *problem)
{
    return (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED) ||
            g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_COMMAND_NOT_FOUND)) &&
           has_status(window->vm, "thawed", NULL);
}

/* A freeze that failed may have been carried out nevertheless. */
static gboolean begin_failed(Quiesce *window, GError *problem, GError **error)
{
    g_autoptr(GError) stuck = NULL;

    if (window->owed && is_undone(window, problem)) {
        window->owed = FALSE;
        context_unguard(window->vm->context);
    }
    set_reason(window, "%s", problem->message);
    window->filesystems = 0;
    if (!quiesce_end(window, &stuck)) {
        g_set_error(error, GUESTD_ERROR, problem->code, "%s; %s", problem->message,
                    stuck->message);
        g_error_free(problem);
        return FALSE;
    }
    if (window->plan->mode == QUIESCE_TRY &&
        !g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED)) {
        g_error_free(problem);
        return TRUE;
    }
    g_propagate_prefixed_error(error, problem, "not quiesced: ");
    return FALSE;
}

void quiesce_off(Quiesce *window, char *force)
{
    window->off = TRUE;
    window->consistent = !force;
    window->reason = force;
}

gboolean quiesce_begin(Quiesce *window, GError **error)
{
    GError *problem = NULL;

    if (window->off)
        return TRUE;
    if (window->plan->mode == QUIESCE_NONE) {
        set_reason(window, "no freeze was requested");
        return TRUE;
    }
    if (check_state(window, &problem) && check_thawed(window, &problem) &&
        check_agent(window, &problem) && freeze(window, &problem))
        return TRUE;
    return begin_failed(window, problem, error);
}

gint64 quiesce_hold_ms(const Quiesce *window)
{
    gint64 ms = window->plan->limit_s * 1000;

    return window->plan->mode == QUIESCE_NONE ? ms : MIN(ms, QUIESCE_HOLD_MS);
}

void quiesce_late(Quiesce *window, const GError *problem)
{
    window->late = TRUE;
    if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        set_reason(window, "unknown whether the copy began before the thaw (%s)",
                   problem->message);
    else
        set_reason(window, "QEMU did not answer within %" G_GINT64_FORMAT " s, so the guest was "
                           "thawed before the copy was known to have begun",
                   quiesce_hold_ms(window) / 1000);
}

/* The number of filesystems that the agent reports as thawed, or -1. */
static gint64 thaw_once(Quiesce *window, GError **error)
{
    g_autoptr(Arena) arena = arena_new();
    g_autoptr(HostRequest) request = request_new("guest-fsfreeze-thaw");
    const Value *count = vm_ask(window->vm, request, window->plan->limit_s * 1000, arena, error);

    return !count ? -1 : count->kind == VALUE_INT ? MAX(count->integer, 0) : 0;
}

/* Each attempt makes a connection of its own if the one before failed. */
static gboolean thaw(Quiesce *window, GError **error)
{
    g_autoptr(GError) problem = NULL;

    for (int i = 0; i < THAW_ATTEMPTS; i++) {
        Deadline pause = deadline_in(i > 0 ? THAW_PAUSE_MS : 0, -1);

        if (i > 0)
            deadline_poll(&pause, -1, 0, NULL);
        g_clear_error(&problem);
        window->unsure = i > 0;
        window->thawed = thaw_once(window, &problem);
        if (window->thawed >= 0)
            return TRUE;
    }
    if (window->guestd)
        return set_error(error, "failed to thaw the guest (%s); guestd thaws it by itself within "
                                "%" G_GINT64_FORMAT " s",
                         problem->message, 2 * window->plan->limit_s);
    return set_error(error, "failed to thaw the guest, which MAY STILL BE FROZEN (%s); run "
                            "\"guestctl %s thaw\" as soon as its agent answers",
                     problem->message, window->vm->name);
}

/* The count leaves out what the agent could not reach; the label must not hide that. */
static void note_left_out(Quiesce *window, const Value *report)
{
    VALUE_EACH (item, value_get(report, "filesystems")) {
        if (!g_str_equal(value_string(item, "state", ""), "skipped"))
            continue;
        if (!window->left_out)
            window->left_out = g_string_new(NULL);
        g_string_append_printf(window->left_out, "%s%s (%s)", window->left_out->len ? ", " : "",
                               value_string(item, "mountpoint", "?"),
                               value_string(item, "reason", "no reason reported"));
    }
}

static void fetch_report(Quiesce *window)
{
    g_autoptr(Arena) arena = arena_new();
    const Value *report;
    GString *text;

    if (!window->guestd)
        return;
    report = vm_ask_plain(window->vm, "guestd-fsfreeze-report", arena, NULL);
    if (!report || report->kind != VALUE_OBJECT)
        return;
    text = g_string_new(NULL);
    json_append_value(text, report);
    window->report = g_string_free(text, FALSE);
    note_left_out(window, report);
    if (g_str_equal(value_string(report, "ended-by", ""), "timeout"))
        set_reason(window, "the guest's own limit of %" G_GINT64_FORMAT " s ended the freeze",
                   2 * window->plan->limit_s);
}

/* Only a guest that thaws all the filesystems it froze was frozen all the time. */
static void judge(Quiesce *window)
{
    window->consistent = window->filesystems > 0 && window->thawed >= window->filesystems &&
                         !window->late;
    if (window->filesystems <= 0 || window->consistent)
        return;
    fetch_report(window);
    if (window->unsure)
        set_reason(window, "the reply to the thaw was lost, so it is unknown whether the guest "
                           "was frozen until then");
    set_reason(window, "the guest ended the freeze early: of %" G_GINT64_FORMAT
               " frozen filesystems, %" G_GINT64_FORMAT " were left to thaw",
               window->filesystems, window->thawed);
}

gboolean quiesce_end(Quiesce *window, GError **error)
{
    const Context *context = window->vm->context;
    Context patient = *context;
    gboolean ok;

    if (!window->owed)
        return TRUE;
    /* Ctrl-C interrupts the work within the window, never the thaw. */
    patient.cancel_fd = -1;
    window->vm->context = &patient;
    ok = thaw(window, error);
    window->ended = g_get_monotonic_time();
    window->ended_at = g_get_real_time();
    if (ok) {
        window->owed = FALSE;
        judge(window);
        if (!window->report)
            fetch_report(window);
    } else {
        set_reason(window, "failed to thaw the guest");
    }
    window->vm->context = context;
    if (ok) /* else another attempt may follow */
        context_unguard(context);
    return ok;
}

const char *quiesce_label(const Quiesce *window)
{
    if (window->consistent)
        return window->off ? "clean: shut off" : "consistent";
    return "crash-consistent";
}

double quiesce_frozen_ms(const Quiesce *window)
{
    return window->began && window->ended ? (double)(window->ended - window->began) / 1000 : 0;
}

char *quiesce_text(const Quiesce *window)
{
    g_autofree char *points = window->plan->points ? g_strjoinv(", ", window->plan->points) : NULL;

    if (!window->consistent)
        return g_strdup_printf("crash-consistent: %s", window->reason);
    if (window->off)
        return g_strdup(quiesce_label(window));
    return g_strdup_printf("consistent%s%s: %" G_GINT64_FORMAT " filesystem%s frozen for %.0f ms%s%s",
                           points ? " in " : "", points ? points : "", window->filesystems,
                           window->filesystems == 1 ? "" : "s", quiesce_frozen_ms(window),
                           window->left_out ? "; not frozen: " : "",
                           window->left_out ? window->left_out->str : "");
}

char *utc_text(gint64 at)
{
    g_autoptr(GDateTime) seconds = g_date_time_new_from_unix_utc(at / G_USEC_PER_SEC);
    g_autoptr(GDateTime) time = g_date_time_add(seconds, at % G_USEC_PER_SEC);

    return g_date_time_format(time, "%Y-%m-%dT%H:%M:%S.%fZ");
}

static void add_time(JsonObject *object, const char *name, gint64 at)
{
    g_autofree char *text = utc_text(at);

    json_object_set_string_member(object, name, text);
}

void quiesce_to_json(const Quiesce *window, JsonObject *object)
{
    JsonNode *report = window->report ? json_from_string(window->report, NULL) : NULL;

    json_object_set_string_member(object, "label", quiesce_label(window));
    if (!window->consistent)
        json_object_set_string_member(object, "reason", window->reason);
    json_object_set_int_member(object, "filesystems", window->filesystems);
    if (window->plan->points) {
        JsonArray *points = json_array_new();

        for (char **point = window->plan->points; *point; point++)
            json_array_add_string_element(points, *point);
        json_object_set_array_member(object, "mount-points", points);
    }
    json_object_set_double_member(object, "frozen-ms", quiesce_frozen_ms(window));
    if (window->began_at && window->ended_at) {
        JsonObject *span = json_object_new();

        add_time(span, "begin", window->began_at);
        add_time(span, "end", window->ended_at);
        json_object_set_object_member(object, "window", span);
    }
    if (report)
        json_object_set_member(object, "guestd-report", report);
}
