/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/fleet.h"
#include "host/cli/quiesce-options.h"
#include "host/snapshot/snapshot.h"
#include "lib/errors.h"

/* guestctl VM snapshot */

/* One VM's part; the job's data. */
typedef struct {
    GPtrArray *disks;    /* of Disk */
    GPtrArray *overlays; /* of Overlay, one for each disk */
    QuiescePlan plan;
    Quiesce window;
    GError *problem; /* why the snapshot failed; for settle() */
    gboolean taken;
    gboolean left; /* its overlays are in use, or may be, although it failed */
    gint64 taken_at;
    char *manifest_name;
    JsonNode *manifest;
} Shot;

/* What holds for all VMs of the call. */
typedef struct {
    char *stamp;
    SnapshotGroup group;
    Job **jobs;
    guint n;
} Shoot;

static void shot_free(Shot *shot)
{
    if (!shot)
        return;
    g_clear_pointer(&shot->overlays, g_ptr_array_unref);
    g_clear_pointer(&shot->disks, g_ptr_array_unref);
    g_clear_pointer(&shot->manifest, json_node_unref);
    g_clear_error(&shot->problem);
    g_free(shot->manifest_name);
    quiesce_clear(&shot->window);
    quiesce_plan_clear(&shot->plan);
    g_free(shot);
}

/* Reads the options and lists the disks. */
static gboolean prepare(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data = g_new0(Shot, 1);
    const Shoot *shoot = data;
    Deadline deadline;
    g_autoptr(GPtrArray) names = job_option_names(job, "disk");

    /* Two calls with the same VMs in another order would wait for each other. */
    if (!quiesce_options(job, &shot->plan, error) ||
        !job_lock(job, "snapshot", shoot->n == 1, error))
        return FALSE;
    deadline = vm_deadline(job->vm, 0);
    if (!vm_check_steady(job->vm, &deadline, error))
        return FALSE;
    quiesce_init(&shot->window, job->vm, &shot->plan);
    shot->disks = snapshot_disks(job->vm, names, error);
    return shot->disks &&
           snapshot_check_disks(shot->disks, job_flag(job, "disk"),
                                job_flag(job, "allow-plaintext"), error);
}

/* Names the files; nothing is created yet. */
static gboolean plan(Job *job, gpointer data, GError **error)
{
    const Shoot *shoot = data;
    Shot *shot = job->data;

    shot->manifest_name = manifest_name(job->vm, shoot->stamp);
    shot->overlays = snapshot_plan(job->vm, shot->disks, job_option(job, "to"), shoot->stamp,
                                   error);
    return shot->overlays != NULL;
}

/* The time, and a number if there is a snapshot of that second already. The caller's. */
static char *free_stamp(Job **jobs, guint n)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *second = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    char *stamp = g_strdup(second);
    int number = 2;

    for (guint i = 0; i < n;) {
        const Shot *shot = jobs[i]->data;

        if (snapshot_stamp_is_free(jobs[i]->vm, shot->disks, job_option(jobs[i], "to"), stamp)) {
            i++;
            continue;
        }
        g_free(stamp);
        stamp = g_strdup_printf("%s-%d", second, number++);
        i = 0;
    }
    return stamp;
}

/* Compares the plan with those of the other VMs. */
static gboolean compare(Job *job, gpointer data, GError **error)
{
    const Shoot *shoot = data;
    const Shot *shot = job->data;

    for (guint i = 0; i < shoot->n; i++) {
        const Shot *other = shoot->jobs[i]->data;

        if (other != shot && !snapshot_compare(job->vm, shot->overlays, shoot->jobs[i]->vm,
                                               other->overlays, error))
            return FALSE;
    }
    return TRUE;
}

static void print_disks(Job *job, const char *writes, const char *is)
{
    const Shot *shot = job->data;

    for (guint i = 0; i < shot->overlays->len; i++) {
        const Overlay *overlay = shot->overlays->pdata[i];

        job_print(job, "%s: %s to %s, its snapshot %s %s\n", overlay->disk->name, writes,
                  overlay->path, is, overlay->disk->path);
    }
}

/*
 * Writes the manifest before the snapshot, so that "snapshot commit", which commits only overlays
 * of a manifest, recognises those of a guestctl that was killed.
 */
static gboolean announce(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data;

    (void)data;
    shot->manifest = manifest_new(job->vm, shot->overlays, g_get_real_time(), NULL, NULL);
    if (manifest_write(shot->manifest, shot->manifest_name, TRUE, error))
        return TRUE;
    g_clear_pointer(&shot->manifest, json_node_unref); /* not ours */
    return FALSE;
}

static gboolean create_files(Job *job, gpointer data, GError **error)
{
    const Shot *shot = job->data;

    (void)data;
    return overlays_create(shot->overlays, job->context->cancel_fd, error);
}

static gboolean begin_window(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data;

    (void)data;
    return quiesce_begin(&shot->window, error);
}

static gboolean gave_up(const Job *job, GError **error)
{
    Deadline now = deadline_in(0, job->context->cancel_fd);
    g_autoptr(GError) problem = NULL;

    deadline_poll(&now, -1, 0, &problem);
    if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_CANCELLED))
        return FALSE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return TRUE;
}

/* A failure is kept until the guests are thawed. */
static gboolean take(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data;

    (void)data;
    if (gave_up(job, error))
        return FALSE;
    shot->taken = snapshot_take(job->vm, shot->overlays, quiesce_hold_ms(&shot->window),
                                &shot->problem);
    shot->taken_at = g_get_real_time();
    if (shot->problem && !g_error_matches(shot->problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED))
        quiesce_late(&shot->window, shot->problem);
    return TRUE;
}

/* Appends @problem, which is taken, to an earlier error. */
static gboolean fail_too(GError *problem, GError **error)
{
    char *text;

    if (!*error) {
        g_propagate_error(error, problem);
        return FALSE;
    }
    text = g_strdup_printf("%s; %s", (*error)->message, problem->message);
    g_free((*error)->message);
    (*error)->message = text;
    g_error_free(problem);
    return FALSE;
}

static gboolean end_window(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data;
    GError *problem = NULL;

    (void)data;
    return quiesce_end(&shot->window, &problem) || fail_too(problem, error);
}

/* Adds the overlays that are in use, or may be, although the snapshot failed. */
static void add_left(Job *job, const char *what, GError **error)
{
    Shot *shot = job->data;
    GString *text = g_string_new((*error)->message);

    shot->left = TRUE;
    g_string_append_printf(text, "; %s:", what);
    for (guint i = 0; i < shot->overlays->len; i++)
        g_string_append_printf(text, "%s %s", i > 0 ? "," : "",
                               ((const Overlay *)shot->overlays->pdata[i])->path);
    g_string_append_printf(text, "; once QEMU answers, \"guestctl %s snapshot commit\" commits "
                                 "those in use", job->vm->name);
    g_free((*error)->message);
    (*error)->message = g_string_free(text, FALSE);
}

/* With all guests thawed, there is time to find out what became of a snapshot that failed. */
static gboolean settle(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data;
    gboolean late = g_error_matches(shot->problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT);
    GError *problem = NULL;
    SnapshotFate fate;

    (void)data;
    if (!shot->problem)
        return *error == NULL;
    fate = snapshot_settle(job->vm, shot->overlays, g_steal_pointer(&shot->problem), &problem);
    shot->taken = fate == SNAPSHOT_TAKEN;
    if (shot->taken)
        return *error == NULL;
    if (late && shot->window.filesystems > 0)
        g_prefix_error(&problem, "%s: ", shot->window.reason);
    if (fate == SNAPSHOT_UNKNOWN)
        add_left(job, "unknown whether the snapshot was made, so its files were left", &problem);
    return fail_too(problem, error);
}

/* From the last freeze to the first thaw, all of them stood still. */
static void find_group_window(Job **jobs, guint n, SnapshotGroup *group)
{
    for (guint i = 0; i < n; i++) {
        const Quiesce *window = &((const Shot *)jobs[i]->data)->window;
        gint64 end = window->consistent ? window->ended_at : 0;

        if (!end) {
            group->begin = group->end = 0;
            return;
        }
        group->begin = MAX(group->begin, window->began_at);
        group->end = group->end ? MIN(group->end, end) : end;
    }
}

/* A destination that was started before the snapshot does not have the overlays. */
static gboolean check_migration(Job *job, GError **error)
{
    Deadline deadline = vm_deadline(job->vm, 0);
    VmCondition condition;

    if (!vm_condition(job->vm, &condition, &deadline, NULL) ||
        (condition != CONDITION_MIGRATING && condition != CONDITION_MIGRATED))
        return TRUE;
    return set_error(error, "a migration began while the snapshot was taken; next: %s",
                     condition_info(condition)->next);
}

static gboolean record(Job *job, gpointer data, GError **error)
{
    const Shoot *shoot = data;
    Shot *shot = job->data;
    g_autofree char *text = quiesce_text(&shot->window);
    g_autofree char *json = NULL;

    if (shot->plan.mode == QUIESCE_REQUIRE && !shot->window.consistent)
        return set_error(error, "not quiesced: %s", shot->window.reason);
    if (!check_migration(job, error))
        return FALSE;
    g_clear_pointer(&shot->manifest, json_node_unref);
    shot->manifest = manifest_new(job->vm, shot->overlays, shot->taken_at, &shot->window,
                                  shoot->n > 1 ? &shoot->group : NULL);
    if (!manifest_write(shot->manifest, shot->manifest_name, FALSE, error))
        return FALSE;
    job_print(job, "%s\n", text);
    print_disks(job, "writes", "is");
    json = json_to_string(shot->manifest, FALSE);
    g_string_assign(job->json, json);
    return TRUE;
}

static gboolean undo(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data;
    GError *problem = NULL;

    (void)data;
    if (!*error)
        set_error(error, "nothing was done, because another VM failed");
    g_string_truncate(job->text, 0);
    if (shot->taken && snapshot_undo(job->vm, shot->overlays, &problem)) {
        set_error(&problem, "the snapshot was undone");
    } else if (shot->taken) {
        g_prefix_error(&problem, "failed to undo the snapshot: ");
        add_left(job, "the VM still uses", &problem);
    }
    if (!shot->left && !shot->taken)
        overlays_remove(shot->overlays);
    if (shot->manifest && !shot->left)
        manifest_remove(shot->manifest, shot->manifest_name);
    return problem ? fail_too(problem, error) : FALSE;
}

static gboolean blame_others(Job *job, gpointer data, GError **error)
{
    (void)job;
    (void)data;
    return *error ? FALSE : set_error(error, "nothing was done, because another VM failed");
}

static void carry_out(Job **jobs, guint n, Shoot *shoot)
{
    guint failed = fleet_each(jobs, n, FALSE, announce, NULL);

    if (!failed)
        failed = fleet_each(jobs, n, FALSE, create_files, NULL);
    if (!failed)
        failed = fleet_each(jobs, n, FALSE, begin_window, NULL);
    if (!failed)
        failed = fleet_each(jobs, n, FALSE, take, NULL);
    fleet_each(jobs, n, FALSE, end_window, NULL);
    failed = fleet_each(jobs, n, FALSE, settle, NULL);
    find_group_window(jobs, n, &shoot->group);
    if (!failed)
        failed = fleet_each(jobs, n, FALSE, record, shoot);
    if (failed)
        fleet_each(jobs, n, FALSE, undo, NULL);
}

/* All waits in it are short, and only at its end it is known which files are in use. */
static void carry_out_guarded(Job **jobs, guint n, Shoot *shoot)
{
    context_guard(jobs[0]->context);
    carry_out(jobs, n, shoot);
    context_unguard(jobs[0]->context);
}

static void take_all(Job **jobs, guint n)
{
    g_autofree char *stamp = NULL;
    g_autofree char *id = g_uuid_string_random();
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    Shoot shoot = { .group.id = id, .jobs = jobs, .n = n };
    guint failed;

    for (guint i = 0; i < n; i++)
        g_ptr_array_add(names, jobs[i]->vm->name);
    g_ptr_array_add(names, NULL);
    shoot.group.vms = (char **)names->pdata;
    failed = fleet_each(jobs, n, FALSE, prepare, &shoot);
    if (!failed) {
        shoot.stamp = stamp = free_stamp(jobs, n);
        failed = fleet_each(jobs, n, FALSE, plan, &shoot);
    }
    if (!failed)
        failed = fleet_each(jobs, n, FALSE, compare, &shoot);
    if (failed)
        fleet_each(jobs, n, FALSE, blame_others, NULL);
    else if (!jobs[0]->context->dry_run)
        carry_out_guarded(jobs, n, &shoot);
    else
        for (guint i = 0; i < n; i++)
            print_disks(jobs[i], "would write", "would be");
    for (guint i = 0; i < n; i++)
        shot_free(jobs[i]->data);
}

/* Without --disk, only the disks with a snapshot made by guestctl. */
static gboolean commit(Job *job, gpointer data, GError **error)
{
    g_autoptr(GPtrArray) names = job_option_names(job, "disk");
    g_autoptr(GPtrArray) disks = NULL;
    Deadline deadline;
    guint done = 0;

    (void)data;
    if (!job_lock(job, "snapshot-commit", TRUE, error))
        return FALSE;
    deadline = vm_deadline(job->vm, 0);
    disks = vm_check_steady(job->vm, &deadline, error) ? snapshot_disks(job->vm, names, error)
                                                       : NULL;
    for (guint i = 0; disks && i < disks->len; i++) {
        const Disk *disk = disks->pdata[i];
        g_autofree char *manifest = disk->path ? manifest_find(disk->path) : NULL;

        if (!manifest && !names)
            continue;
        done++;
        if (job->context->dry_run) {
            job_print(job, "%s: would commit %s into %s\n", disk->name, disk->path, disk->backing);
            continue;
        }
        if (!snapshot_commit(job->vm, disk, &job->reporter, error))
            return FALSE;
        job_print(job, "%s: committed %s into %s\n", disk->name, disk->path, disk->backing);
    }
    if (disks && !done)
        return set_error(error, "no disk has a snapshot made by guestctl");
    return disks != NULL;
}

static gboolean unknown_word(Job *job, gpointer data, GError **error)
{
    (void)data;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                "snapshot: must be: commit (got '%s')", job->call->args[0]);
    return FALSE;
}

static gboolean snapshot_run(Job **jobs, guint n, GError **error)
{
    const VerbCall *call = n > 0 ? jobs[0]->call : NULL;

    (void)error;
    if (n == 0)
        return TRUE;
    if (call->n_args > 0 && !g_str_equal(call->args[0], "commit"))
        fleet_each(jobs, n, FALSE, unknown_word, NULL);
    else if (call->n_args > 0)
        fleet_each(jobs, n, FALSE, commit, NULL);
    else
        take_all(jobs, n);
    return TRUE;
}

const Verb verb_snapshot = {
    .name = "snapshot",
    .usage = "[commit]",
    .summary = "Takes a snapshot of the disks while the guest runs, or commits it",
    .doc = "From then on the VM writes to overlays VM-DISK-TIME.qcow2; its images no longer change, and\n"
           "a manifest VM-TIME.snapshot.json beside the overlays shows whether they are consistent.\n"
           "All disks of all VMs named are taken in one window, or none. \"snapshot commit\" commits\n"
           "the newest overlay into the image below it and removes the overlay. Overlays are not\n"
           "encrypted, so a disk that is encrypted is refused without --allow-plaintext.",
    .options = (const VerbOption[]){
        QUIESCE_OPTIONS,
        WAIT_OPTION,
        { "disk", "NAME…", "only this one, as --dry-run calls it; may be given several times" },
        { "to", "DIR", "where the overlays are made; default: beside the images" },
        { "allow-plaintext", NULL, "make overlays of encrypted disks, which are not encrypted" },
        { NULL },
    },
    .flags = VERB_CHANGES | VERB_DRY_ITSELF,
    .max_args = 1,
    .run_group = snapshot_run,
};
