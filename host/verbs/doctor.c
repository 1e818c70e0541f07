/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "host/base/table.h"
#include "host/base/value-get.h"
#include "host/cli/verb.h"
#include "host/vm/backend.h"
#include "lib/errors.h"
#include "lib/json/writer.h"

/* guestctl VM doctor */

#define PING_MS 5000
/* Off by more than that, a clock is wrong. One that was set from the RTC at boot and never
 * since is up to a second behind from the start, as the RTC counts whole seconds. */
#define MAX_OFF_S 2.0

typedef enum { GOOD, NOTE, PROBLEM } Verdict;

typedef struct {
    Job *job;
    guint problems;
    gboolean port_closed; /* no process in the guest has it open */
    gboolean frozen;
    Arena *arena;
} Doctor;

/* One thing that was looked at; @remedy is NULL where none is needed. */
static void say(Doctor *doctor, const char *check, Verdict verdict, const char *remedy,
                const char *format, ...) G_GNUC_PRINTF(5, 6);

static void say(Doctor *doctor, const char *check, Verdict verdict, const char *remedy,
                const char *format, ...)
{
    static const char *const names[] = { "ok", "note", "problem" };
    GString *json = doctor->job->json;
    g_autofree char *told = NULL;
    g_autofree char *text = NULL;
    va_list ap;

    va_start(ap, format);
    told = g_strdup_vprintf(format, ap);
    va_end(ap);
    text = harmless_text(told);
    job_print(doctor->job, "%-8s %s: %s\n", names[verdict], check, text);
    if (remedy)
        job_print(doctor->job, "%-8s %s\n", "", remedy);
    g_string_append(json, json->len ? ", {\"check\": " : "{\"check\": ");
    json_append_string(json, check);
    g_string_append_printf(json, ", \"result\": \"%s\", \"text\": ", names[verdict]);
    json_append_string(json, text);
    if (remedy) {
        g_string_append(json, ", \"remedy\": ");
        json_append_string(json, remedy);
    }
    g_string_append_c(json, '}');
    doctor->problems += verdict == PROBLEM;
}

/* TRUE if there can be an agent. */
static gboolean check_state(Doctor *doctor)
{
    Vm *vm = doctor->job->vm;
    g_autoptr(GError) problem = NULL;
    Deadline deadline = vm_deadline(vm, 0);
    const ConditionInfo *info;
    VmCondition condition;

    if (vm->agent_only) {
        say(doctor, "state", NOTE, "name QEMU's monitor with --qmp SOCKET",
            "not known: guestctl knows no monitor of this VM");
        return TRUE;
    }
    if (!vm_condition(vm, &condition, &deadline, &problem)) {
        say(doctor, "state", PROBLEM, "see that libvirt or QEMU's monitor answers", "%s",
            problem->message);
        return TRUE;
    }
    info = condition_info(condition);
    if (info->acts)
        say(doctor, "state", info->next ? NOTE : GOOD, info->next, "the VM is %s", info->text);
    else
        say(doctor, "state", PROBLEM, info->next, "the VM is %s, so no agent can answer",
            info->text);
    return info->acts;
}

static void check_channel(Doctor *doctor)
{
    Vm *vm = doctor->job->vm;
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GError) problem = NULL;
    AgentChannel channel;

    if (!vm_channel_find(vm, &channel, &deadline, &problem))
        say(doctor, "channel", PROBLEM, "check that libvirt or QEMU's monitor answers", "%s",
            problem->message);
    else if (channel.problem)
        say(doctor, "channel", PROBLEM, channel.remedy, "%s", channel.problem);
    else
        say(doctor, "channel", GOOD, NULL, "%s", channel.where ? channel.where : "configured");
    if (channel.configured && channel.open_known && channel.open)
        say(doctor, "port", GOOD, NULL, "the guest has it open");
    doctor->port_closed = channel.configured && channel.open_known && !channel.open;
    if (doctor->port_closed)
        say(doctor, "port", PROBLEM,
            "in the guest: install guestd (or qemu-guest-agent), and see systemctl status guestd",
            "no program in the guest has the port open");
    agent_channel_clear(&channel);
}

/*
 * QEMU refuses to load an internal snapshot while the image has bitmaps, as backups leave them.
 * libvirt 9.0 to 12.8 then ends the domain that was to be reverted.
 */
static void check_snapshots(Doctor *doctor, const GPtrArray *disks)
{
    g_autoptr(GString) names = g_string_new(NULL);
    gboolean has_bitmaps = FALSE;

    for (guint i = 0; i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];

        if (!disk->snapshots)
            continue;
        g_string_append_printf(names, "%s%s", names->len ? ", " : "", disk->name);
        has_bitmaps |= disk->bitmaps->len > 0;
    }
    if (names->len && has_bitmaps)
        say(doctor, "snapshots", PROBLEM, "before a revert, remove the bitmaps: virsh "
            "checkpoint-delete, or QEMU's block-dirty-bitmap-remove; the next backup is full",
            "internal ones beside bitmaps of backups in %s: a revert fails, and libvirt then ends "
            "the VM", names->str);
    else if (names->len)
        say(doctor, "snapshots", NOTE, "use external ones (guestctl VM snapshot), or none after "
            "the first backup",
            "internal ones in %s: once a backup has left its bitmap, a revert fails, and libvirt "
            "then ends the VM", names->str);
}

/* The disks by the names that the other verbs use. */
static void check_disks(Doctor *doctor)
{
    Vm *vm = doctor->job->vm;
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GPtrArray) disks = NULL;
    g_autoptr(GError) problem = NULL;
    g_autofree char *names = NULL;

    if (vm->agent_only || !vm->backend->disks)
        return;
    disks = vm_disks(vm, DISK_BITMAPS, &deadline, &problem);
    if (!disks) {
        say(doctor, "disks", NOTE, "check that libvirt or QEMU's monitor answers", "%s",
            problem->message);
        return;
    }
    disks_keep_writable(disks, FALSE);
    names = disks_names(disks);
    say(doctor, "disks", GOOD, NULL, "writable: %s", names);
    check_snapshots(doctor, disks);
}

/* ": REASON" of a message whose advice is to call the doctor. */
static const char *behind_advice(const char *message)
{
    const char *end = strstr(message, "looks): ");

    return end ? end + strlen("looks)") : "";
}

static gboolean check_agent(Doctor *doctor)
{
    Job *job = doctor->job;
    g_autoptr(HostRequest) request = request_new("guest-ping");
    g_autoptr(GError) problem = NULL;
    gint64 ms = MIN(job->context->timeout_ms, PING_MS), began = g_get_monotonic_time();

    if (vm_ask(job->vm, request, ms, doctor->arena, &problem)) {
        say(doctor, "agent", GOOD, NULL, "it answers (%.1f ms)",
            (double)(g_get_monotonic_time() - began) / 1000);
        return TRUE;
    }
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        say(doctor, "agent", PROBLEM,
            doctor->port_closed
                ? "start it in the guest: systemctl start guestd"
                : "restart it in the guest: systemctl restart guestd; see that no other program "
                  "is connected to its socket",
            "it does not answer");
    else if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        say(doctor, "agent", PROBLEM, "see that the VM runs and the agent is started in the guest",
            "no agent answers%s", behind_advice(problem->message));
    else
        say(doctor, "agent", PROBLEM, "see the agent's configuration and log in the guest", "%s",
            problem->message);
    return FALSE;
}

static void check_frozen(Doctor *doctor)
{
    const Value *status = vm_ask_plain(doctor->job->vm, "guest-fsfreeze-status", doctor->arena, NULL);
    const Value *info;
    double thaw_in;

    doctor->frozen = status && status->kind == VALUE_STRING &&
                     g_str_equal(status->string.text, "frozen");
    if (!doctor->frozen) {
        if (status)
            say(doctor, "freeze", GOOD, NULL, "nothing is frozen");
        return;
    }
    info = vm_ask_plain(doctor->job->vm, "guestd-info", doctor->arena, NULL);
    thaw_in = value_number(info, "thaw-in", -1);
    if (thaw_in >= 0)
        say(doctor, "freeze", PROBLEM, "guestctl VM thaw, unless a backup is under way",
            "filesystems are frozen; guestd thaws them in %.0f s", thaw_in);
    else
        say(doctor, "freeze", PROBLEM, "guestctl VM thaw, unless a backup is under way",
            "filesystems are frozen, and nothing thaws them by itself");
}

/* Commands without which verbs do not work. */
static const struct {
    const char *command, *verb;
} needed[] = {
    { "guest-shutdown", "shutdown" },       { "guest-fsfreeze-freeze", "freeze" },
    { "guest-fstrim", "trim" },             { "guest-exec", "exec" },
    { "guest-file-open", "cp" },            { "guest-get-fsinfo", "fsinfo" },
    { "guest-get-disks", "disks" },         { "guest-network-get-interfaces", "addr" },
    { "guest-network-get-route", "route" }, { "guest-get-users", "users" },
    { "guest-get-vcpus", "vcpus" },         { "guest-set-time", "time" },
    { "guest-set-user-password", "passwd" }, { "guest-ssh-get-authorized-keys", "keys" },
    { "guest-suspend-ram", "suspend" },
};

static gboolean is_listed(const Value *list, const char *command)
{
    VALUE_EACH (row, list)
        if (g_str_equal(value_string(row, "name", ""), command))
            return TRUE;
    return FALSE;
}

/* While frozen, most are disabled, and that is right. */
static void check_commands(Doctor *doctor, const Value *list)
{
    g_autoptr(GString) disabled = g_string_new(NULL);
    g_autoptr(GString) missing = g_string_new(NULL);

    VALUE_EACH (row, list)
        if (!value_bool(row, "enabled", TRUE))
            g_string_append_printf(disabled, " %s", value_string(row, "name", "?"));
    for (gsize i = 0; i < G_N_ELEMENTS(needed); i++)
        if (!is_listed(list, needed[i].command))
            g_string_append_printf(missing, "%s%s (for %s)", missing->len ? ", " : "",
                                   needed[i].command, needed[i].verb);
    if (missing->len)
        say(doctor, "commands", NOTE, "a newer agent may have them, where the guest can do it",
            "it lacks %s", missing->str);
    if (disabled->len && !doctor->frozen)
        say(doctor, "commands", PROBLEM,
            "if that is not meant so: block-rpcs and allow-rpcs in the guest's guestd.conf or "
            "qemu-ga.conf",
            "disabled by its configuration:%s", disabled->str);
    else if (!missing->len)
        say(doctor, "commands", GOOD, NULL, "all are there");
}

static void check_version(Doctor *doctor)
{
    Vm *vm = doctor->job->vm;
    const Value *info = vm_ask_plain(vm, "guest-info", doctor->arena, NULL);
    const Value *guestd = vm_ask_plain(vm, "guestd-info", doctor->arena, NULL);

    if (!info) {
        say(doctor, "version", PROBLEM, "see the agent's configuration in the guest",
            "it does not tell what it is");
        return;
    }
    if (guestd)
        say(doctor, "version", GOOD, NULL, "guestd %s, protocol of QEMU %s",
            value_string(guestd, "version", "?"), value_string(info, "version", "?"));
    else
        say(doctor, "version", NOTE, "guestd would thaw by itself, keep copies whole, end programs",
            "qemu-ga or the like, %s", value_string(info, "version", "?"));
    check_commands(doctor, value_get(info, "supported_commands"));
}

/* Seen from the middle between question and answer, less half of the way. */
static void check_clock(Doctor *doctor)
{
    gint64 before = g_get_real_time(), after;
    const Value *time = vm_ask_plain(doctor->job->vm, "guest-get-time", doctor->arena, NULL);
    double ahead, unsure;

    after = g_get_real_time();
    if (!time || time->kind != VALUE_INT)
        return;
    ahead = ((double)time->integer / 1000 - ((double)before + (double)after) / 2) / G_USEC_PER_SEC;
    unsure = (double)(after - before) / 2 / G_USEC_PER_SEC;
    if (ABS(ahead) <= MAX_OFF_S + unsure)
        say(doctor, "clock", GOOD, NULL, "it is right, as far as can be seen (%+.3f s)", ahead);
    else
        say(doctor, "clock", PROBLEM,
            "guestctl VM time --set; for good, run chrony or another NTP client in the guest",
            "it is %.1f s %s", ABS(ahead), ahead < 0 ? "behind" : "ahead");
}

/* guestd tells how the last freeze went, if there was one. */
static void check_hooks(Doctor *doctor)
{
    const Value *report =
        vm_ask_plain(doctor->job->vm, "guestd-fsfreeze-report", doctor->arena, NULL);
    guint all = 0, failed = 0;

    VALUE_EACH (hook, value_get(report, "hooks")) {
        all++;
        if (value_bool(hook, "ok", TRUE))
            continue;
        failed++;
        say(doctor, "hooks", PROBLEM, "see its log, and run it by hand in the guest",
            "%s failed when it was called with %s", value_string(hook, "path", "?"),
            value_string(hook, "phase", "?"));
    }
    if (all > 0 && failed == 0)
        say(doctor, "hooks", GOOD, NULL, "they ran well at the last freeze");
}

static void examine(Doctor *doctor)
{
    gboolean runs = check_state(doctor);

    check_channel(doctor);
    check_disks(doctor);
    if (!runs || !check_agent(doctor))
        return;
    check_frozen(doctor);
    check_version(doctor);
    if (!doctor->frozen)
        check_clock(doctor);
    check_hooks(doctor);
}

static gboolean doctor_run(Job *job, GError **error)
{
    Doctor doctor = { .job = job, .arena = arena_new() };

    examine(&doctor);
    arena_free(doctor.arena);
    g_string_prepend(job->json, "{\"checks\": [");
    g_string_append_printf(job->json, "], \"problems\": %u}", doctor.problems);
    if (doctor.problems == 0)
        return TRUE;
    job->status = 1;
    /* Alone, the findings say it all. */
    return job->alone || set_error(error, "%u problem%s", doctor.problems,
                                   doctor.problems == 1 ? "" : "s");
}

const Verb verb_doctor = {
    .name = "doctor",
    .summary = "Looks for what keeps the agent from working, and says what to do",
    .doc = "Looks at the VM's state, the channel, the port, internal snapshots beside bitmaps of backups,\n"
           "which hinder each other, the agent's answer, version and commands,\n"
           "the guest's clock, freezes and hooks. Exit status 1 if there is a problem; a note is none.",
    .run = doctor_run,
};
