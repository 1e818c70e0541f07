/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/verb.h"
#include "host/vm/backend.h"
#include "lib/errors.h"

/* guestctl VM shutdown, reboot, suspend, pause, resume, reset, start */

/* An agent that refuses says so at once; silence means that it is at work. */
#define REFUSAL_MS 5000
/* How long the end is waited for once the agent has hung up. */
#define HANG_UP_MS 2000
#define DEFAULT_DOWN_S 180
#define DEFAULT_SUSPEND_S 60

typedef enum { WAY_AGENT, WAY_ACPI, WAY_FORCE, N_WAYS } Way;

static const char *const way_names[] = { "the agent", "ACPI", "force" };

typedef struct {
    gboolean ways[N_WAYS]; /* that may be tried, in this order */
    const char *mode;      /* of guest-shutdown */
    VmEnd end;
    gint64 timeout_ms; /* for each way */
    gboolean wait;
} Plan;

static gboolean bad_mode(const char *mode, const char *valid, GError **error)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE, "--mode must be one of: %s (got '%s')", valid, mode);
    return FALSE;
}

static gboolean read_plan(const Job *job, Plan *plan, GError **error)
{
    const char *mode = job_option(job, "mode") ? job_option(job, "mode") : "auto";
    gint64 seconds;

    if (!job_number(job, "timeout", DEFAULT_DOWN_S, &seconds, error))
        return FALSE;
    plan->timeout_ms = seconds * 1000;
    plan->wait = !job_flag(job, "no-wait");
    plan->ways[WAY_AGENT] = !g_str_equal(mode, "acpi");
    plan->ways[WAY_ACPI] = !g_str_equal(mode, "agent");
    plan->ways[WAY_FORCE] = job_flag(job, "force");
    return g_str_equal(mode, "auto") || g_str_equal(mode, "agent") || g_str_equal(mode, "acpi") ||
           bad_mode(mode, "auto, agent, acpi", error);
}

static gboolean ask_for_it(Job *job, Way way, const Plan *plan, GError **error)
{
    g_autoptr(HostRequest) request = request_new("guest-shutdown");

    request_string(request, "mode", plan->mode);
    if (way == WAY_AGENT)
        return vm_tell(job->vm, request, MIN(plan->timeout_ms, REFUSAL_MS), error);
    if (plan->end == VM_END_RESET)
        return vm_act(job->vm, VM_DO_RESET, error);
    return vm_act(job->vm, way == WAY_ACPI ? VM_DO_ACPI_DOWN : VM_DO_OFF, error);
}

static gboolean resume(Job *job, VmCondition condition, GError **error)
{
    return vm_act(job->vm, condition == CONDITION_ASLEEP ? VM_DO_WAKE : VM_DO_RESUME, error);
}

/* What cannot be asked is found out by the request. */
static VmCondition condition_now(Job *job)
{
    Deadline deadline = vm_deadline(job->vm, 0);
    VmCondition condition;

    return !job->vm->agent_only && vm_condition(job->vm, &condition, &deadline, NULL)
               ? condition : CONDITION_RUNS;
}

/*
 * Whether the guest can act on a request; with --resume, it is resumed first where that is right.
 * A guest whose CPUs are stopped would only let the time-out pass.
 */
static gboolean check_acts(Job *job, VmCondition condition, const char *verb, GError **error)
{
    const ConditionInfo *info = condition_info(condition);

    if (info->acts)
        return TRUE;
    if (info->wakes && job_flag(job, "resume"))
        return resume(job, condition, error);
    return set_error(error, "the VM is %s, so the guest cannot %s; next: %s%s", info->text, verb,
                     info->next, info->wakes ? " (--resume does that first)" : "");
}

/* Whether the guest was so quick that its agent hung up instead of being silent. */
static gboolean is_down_already(Job *job, Way way, const Plan *plan, const GError *problem)
{
    Deadline deadline = vm_deadline(job->vm, HANG_UP_MS);

    return plan->wait && way == WAY_AGENT &&
           g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE) &&
           vm_await(job->vm, plan->end, &deadline, NULL);
}

static gboolean try_way(Job *job, Way way, const Plan *plan, GError **error)
{
    Deadline deadline = vm_deadline(job->vm, plan->timeout_ms);
    g_autoptr(GError) problem = NULL;

    if (plan->wait && !vm_expect(job->vm, plan->end, &deadline, error))
        return FALSE;
    if (!ask_for_it(job, way, plan, &problem)) {
        if (is_down_already(job, way, plan, problem))
            return TRUE;
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    if (!plan->wait || vm_await(job->vm, plan->end, &deadline, &problem))
        return TRUE;
    if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return FALSE;
    }
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT,
                "accepted the request but was not %s after %" G_GINT64_FORMAT " s",
                plan->end == VM_END_DOWN ? "down" : "reset", plan->timeout_ms / 1000);
    return FALSE;
}

static void tell_success(Job *job, const Plan *plan, Way way, gint64 began)
{
    double seconds = (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC;
    const char *done = plan->end == VM_END_DOWN ? "down" : "reset";

    if (plan->wait)
        job_print(job, "%s by %s after %.1f s\n", done, way_names[way], seconds);
    else
        job_print(job, "asked by %s\n", way_names[way]);
    g_string_append_printf(job->json, "{\"way\": \"%s\", \"seconds\": %.3f, \"waited\": %s}",
                           way == WAY_AGENT  ? "agent"
                           : way == WAY_ACPI ? "acpi"
                                             : "force",
                           seconds, plan->wait ? "true" : "false");
}

/* No button helps a guest that has panicked. */
static gboolean is_pointless(Job *job, Way way)
{
    VmState state;

    return way == WAY_ACPI && vm_state(job->vm, &state, NULL) && state == VM_CRASHED;
}

/* Tries one way after the other; the last failure counts, the others are told. */
static gboolean go_down(Job *job, const Plan *plan, GError **error)
{
    gint64 began = g_get_monotonic_time();
    g_autoptr(GString) failures = g_string_new(NULL);

    for (Way way = 0; way < N_WAYS; way++) {
        g_autoptr(GError) problem = NULL;

        if (!plan->ways[way] || (failures->len > 0 && is_pointless(job, way)))
            continue;
        if (try_way(job, way, plan, &problem)) {
            tell_success(job, plan, way, began);
            return TRUE;
        }
        g_string_append_printf(failures, "%s%s: %s", failures->len ? "; " : "", way_names[way],
                               problem->message);
        if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED))
            break;
    }
    return set_error(error, "%s%s", failures->str,
                     plan->ways[WAY_FORCE] ? "" : "; --force turns it off");
}

/* With --force, a guest that cannot act is not asked. */
static gboolean check_and_go(Job *job, Plan *plan, const char *verb, GError **error)
{
    VmCondition condition = condition_now(job);
    gboolean acts = condition_info(condition)->acts;

    if ((condition == CONDITION_OFF && plan->wait) ||
        (condition == CONDITION_HALTED && !plan->ways[WAY_FORCE]))
        return set_error(error, "already off");
    if (!acts && plan->ways[WAY_FORCE] && !job_flag(job, "resume"))
        plan->ways[WAY_AGENT] = plan->ways[WAY_ACPI] = FALSE;
    else if (condition != CONDITION_OFF && !check_acts(job, condition, verb, error))
        return FALSE;
    return go_down(job, plan, error);
}

static gboolean shutdown_run(Job *job, GError **error)
{
    Plan plan = { .mode = "powerdown", .end = VM_END_DOWN };

    return read_plan(job, &plan, error) && check_and_go(job, &plan, "shut down", error);
}

const Verb verb_shutdown = {
    .name = "shutdown",
    .summary = "Shut the guest down and wait until it is off",
    .doc = "guestctl asks the agent first. If the agent is absent or refuses, or the guest is not down\n"
           "in time, it presses the ACPI power button; then, only with --force, it turns the VM off.\n"
           "A paused VM is refused at once: resume it first, or name --resume or --force.",
    .options = (const VerbOption[]){
        { "mode", "auto|agent|acpi", "ways to try; default: auto, one after the other" },
        { "timeout", "SECONDS", "limit for each way; default: 180" },
        { "no-wait", NULL, "return after the request" },
        { "resume", NULL, "resume the VM first if it is paused" },
        { "force", NULL, "turn the VM off if the other ways fail" },
        { NULL },
    },
    .flags = VERB_CHANGES,
    .run = shutdown_run,
};

static gboolean reboot_run(Job *job, GError **error)
{
    Plan plan = { .mode = "reboot", .end = VM_END_RESET };

    if (!read_plan(job, &plan, error))
        return FALSE;
    /* ACPI knows no reboot; a reset is force. */
    plan.ways[WAY_ACPI] = FALSE;
    if (!plan.ways[WAY_AGENT] && !plan.ways[WAY_FORCE])
        return set_error(error, "ACPI has no reboot button; use shutdown and start, or --force");
    return check_and_go(job, &plan, "reboot", error);
}

const Verb verb_reboot = {
    .name = "reboot",
    .summary = "Reboot the guest and wait for the reset",
    .options = (const VerbOption[]){
        { "mode", "auto|agent", "way to try; besides --force only the agent can reboot" },
        { "timeout", "SECONDS", "limit for each way; default: 180" },
        { "no-wait", NULL, "return after the request" },
        { "resume", NULL, "resume the VM first if it is paused" },
        { "force", NULL, "reset the VM if the agent fails" },
        { NULL },
    },
    .flags = VERB_CHANGES,
    .run = reboot_run,
};

static gboolean suspend_run(Job *job, GError **error)
{
    const char *mode = job_option(job, "mode") ? job_option(job, "mode") : "ram";
    g_autofree char *command = g_strconcat("guest-suspend-", mode, NULL);
    g_autoptr(HostRequest) request = request_new(command);
    gint64 seconds;
    Deadline deadline;

    if (!g_str_equal(mode, "ram") && !g_str_equal(mode, "disk") && !g_str_equal(mode, "hybrid"))
        return bad_mode(mode, "ram, disk, hybrid", error);
    if (!job_number(job, "timeout", DEFAULT_SUSPEND_S, &seconds, error))
        return FALSE;
    if (!check_acts(job, condition_now(job), "suspend", error))
        return FALSE;
    deadline = vm_deadline(job->vm, seconds * 1000);
    if (!vm_expect(job->vm, VM_END_SUSPENDED, &deadline, error) ||
        !vm_tell(job->vm, request, REFUSAL_MS, error))
        return FALSE;
    if (!vm_await(job->vm, VM_END_SUSPENDED, &deadline, error)) {
        g_prefix_error(error, "accepted the request but does not sleep: ");
        return FALSE;
    }
    job_print(job, "suspended\n");
    return TRUE;
}

const Verb verb_suspend = {
    .name = "suspend",
    .summary = "Suspend the guest and wait until it sleeps",
    .options = (const VerbOption[]){
        { "resume", NULL, "resume the VM first if it is paused" },
        { "mode", "ram|disk|hybrid", "where the state is kept; default: ram" },
        { "timeout", "SECONDS", "default 60" },
        { NULL },
    },
    .flags = VERB_CHANGES,
    .run = suspend_run,
};

static gboolean act(Job *job, VmAction action, const char *done, GError **error)
{
    if (!vm_act(job->vm, action, error))
        return FALSE;
    job_print(job, "%s\n", done);
    return TRUE;
}

static gboolean pause_run(Job *job, GError **error)
{
    return act(job, VM_DO_PAUSE, "paused", error);
}

const Verb verb_pause = {
    .name = "pause",
    .summary = "Stop the virtual CPUs",
    .flags = VERB_CHANGES,
    .run = pause_run,
};

/*
 * A guest that went to another QEMU would run twice, and one that libvirt keeps for the end of a
 * backup would boot anew.
 */
static gboolean check_here(VmCondition condition, GError **error)
{
    const ConditionInfo *info = condition_info(condition);

    return !info->elsewhere ||
           set_error(error, "the VM is %s; next: %s", info->text, info->next);
}

/* Also wakes a guest that sleeps: that is what the user means. */
static gboolean resume_run(Job *job, GError **error)
{
    Deadline deadline = vm_deadline(job->vm, 0);
    VmCondition condition;

    if (!vm_condition(job->vm, &condition, &deadline, error) || !check_here(condition, error))
        return FALSE;
    if (condition == CONDITION_ASLEEP)
        return act(job, VM_DO_WAKE, "woken up", error);
    return act(job, VM_DO_RESUME, "resumed", error);
}

const Verb verb_resume = {
    .name = "resume",
    .summary = "Resume a paused VM, or wake one that sleeps",
    .flags = VERB_CHANGES,
    .run = resume_run,
};

static gboolean reset_run(Job *job, GError **error)
{
    Deadline deadline = vm_deadline(job->vm, 0);
    VmCondition condition;

    if (vm_condition(job->vm, &condition, &deadline, NULL) && !check_here(condition, error))
        return FALSE;
    return act(job, VM_DO_RESET, "reset", error);
}

const Verb verb_reset = {
    .name = "reset",
    .summary = "Reset the VM without notifying the guest",
    .flags = VERB_CHANGES,
    .run = reset_run,
};

static gboolean start_run(Job *job, GError **error)
{
    return act(job, VM_DO_START, "started", error);
}

const Verb verb_start = {
    .name = "start",
    .summary = "Start a libvirt domain",
    .flags = VERB_CHANGES,
    .run = start_run,
};
