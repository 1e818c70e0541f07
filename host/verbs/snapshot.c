/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/fleet.h"
#include "host/snapshot/snapshot.h"
#include "lib/errors.h"

/* guestctl VM snapshot */

/* One VM's part; the job's data. */
typedef struct {
    GPtrArray *disks;
    Quiesce window;
    GError *problem; /* of the taking, of which settle() makes what it is */
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
    gboolean several;
} Shoot;

static void shot_free(Shot *shot)
{
    if (!shot)
        return;
    g_clear_pointer(&shot->disks, g_ptr_array_unref);
    g_clear_pointer(&shot->manifest, json_node_unref);
    g_clear_error(&shot->problem);
    g_free(shot->manifest_name);
    quiesce_clear(&shot->window);
    g_free(shot);
}

/* Finds out all that can be known before anything is done. */
static gboolean prepare(Job *job, gpointer data, GError **error)
{
    const Shoot *shoot = data;
    Shot *shot = job->data = g_new0(Shot, 1);
    QuiesceMode mode;
    gint64 limit_s;
    g_autofree char *names = job_option_list(job, "disk");

    if (!quiesce_options(job, &mode, &limit_s, error))
        return FALSE;
    quiesce_init(&shot->window, job->vm, mode, limit_s);
    shot->manifest_name = manifest_name(job->vm, shoot->stamp);
    shot->disks = snapshot_disks(job->vm, names, error);
    return shot->disks && snapshot_plan(job->vm, shot->disks, job_option(job, "to"),
                                        shoot->stamp, error);
}

static void print_disks(Job *job, const char *writes, const char *is)
{
    const Shot *shot = job->data;

    for (guint i = 0; i < shot->disks->len; i++) {
        const SnapshotDisk *disk = shot->disks->pdata[i];

        job_print(job, "%s: %s to %s, its snapshot %s %s\n", disk->name, writes, disk->overlay, is,
                  disk->image);
    }
}

/*
 * Before anything is done, so that overlays of a guestctl that was killed are known as its own:
 * "snapshot commit" folds back only those that a manifest names.
 */
static gboolean announce(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data;

    (void)data;
    shot->manifest = manifest_new(job->vm, shot->disks, g_get_real_time(), NULL, NULL);
    return manifest_write(shot->manifest, shot->manifest_name, error);
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

/* What goes wrong waits until the guests are thawed. */
static gboolean take(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data;

    (void)data;
    if (gave_up(job, error))
        return FALSE;
    shot->taken = snapshot_take(job->vm, shot->disks, quiesce_hold_ms(&shot->window),
                                &shot->problem);
    shot->taken_at = g_get_real_time();
    if (shot->problem && !g_error_matches(shot->problem, GUESTD_ERROR, GUESTD_ERROR_REFUSED))
        quiesce_late(&shot->window, shot->problem);
    return TRUE;
}

/* Adds to what has gone wrong already. */
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

/* Overlays that are in use, or may be, without being wanted. */
static void tell_left(Job *job, const char *what, GError **error)
{
    Shot *shot = job->data;
    GString *text = g_string_new((*error)->message);

    shot->left = TRUE;
    g_string_append_printf(text, "; %s:", what);
    for (guint i = 0; i < shot->disks->len; i++)
        g_string_append_printf(text, "%s %s", i > 0 ? "," : "",
                               ((const SnapshotDisk *)shot->disks->pdata[i])->overlay);
    g_string_append_printf(text, "; once QEMU answers, \"guestctl %s snapshot commit\" folds back "
                                 "what is in use", job->vm->name);
    g_free((*error)->message);
    (*error)->message = g_string_free(text, FALSE);
}

/* With all guests thawed there is time to find out what became of a snapshot that failed. */
static gboolean settle(Job *job, gpointer data, GError **error)
{
    Shot *shot = job->data;
    gboolean late = g_error_matches(shot->problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT);
    GError *problem = NULL;
    SnapshotFate fate;

    (void)data;
    if (!shot->problem)
        return *error == NULL;
    fate = snapshot_settle(job->vm, shot->disks, g_steal_pointer(&shot->problem), &problem);
    shot->taken = fate == SNAPSHOT_TAKEN;
    if (shot->taken)
        return *error == NULL;
    if (late && shot->window.filesystems > 0)
        g_prefix_error(&problem, "%s: ", shot->window.reason);
    if (fate == SNAPSHOT_UNKNOWN)
        tell_left(job, "whether the snapshot was made is not known, so its files were left",
                  &problem);
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

static gboolean record(Job *job, gpointer data, GError **error)
{
    const Shoot *shoot = data;
    Shot *shot = job->data;
    g_autofree char *text = quiesce_text(&shot->window);
    g_autofree char *json = NULL;

    if (shot->window.mode == QUIESCE_REQUIRE && !shot->window.consistent)
        return set_error(error, "not quiesced: %s", shot->window.reason);
    g_clear_pointer(&shot->manifest, json_node_unref);
    shot->manifest = manifest_new(job->vm, shot->disks, shot->taken_at, &shot->window,
                                  shoot->several ? &shoot->group : NULL);
    if (!manifest_write(shot->manifest, shot->manifest_name, error))
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
    if (shot->taken && snapshot_undo(job->vm, shot->disks, &problem)) {
        set_error(&problem, "the snapshot was undone");
    } else if (shot->taken) {
        g_prefix_error(&problem, "the snapshot could not be undone: ");
        tell_left(job, "the VM goes on with", &problem);
    }
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

static void take_all(Job **jobs, guint n)
{
    g_autoptr(GDateTime) now = g_date_time_new_now_utc();
    g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    g_autofree char *id = g_uuid_string_random();
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    Shoot shoot = { .stamp = stamp, .group.id = id, .several = n > 1 };

    for (guint i = 0; i < n; i++)
        g_ptr_array_add(names, jobs[i]->vm->name);
    g_ptr_array_add(names, NULL);
    shoot.group.vms = (char **)names->pdata;
    if (fleet_each(jobs, n, FALSE, prepare, &shoot) > 0)
        fleet_each(jobs, n, FALSE, blame_others, NULL);
    else if (!jobs[0]->context->dry_run)
        carry_out(jobs, n, &shoot);
    else
        for (guint i = 0; i < n; i++)
            print_disks(jobs[i], "would write", "would be");
    for (guint i = 0; i < n; i++)
        shot_free(jobs[i]->data);
}

/* Only those that are snapshots of guestctl's, unless disks were named. */
static gboolean commit(Job *job, gpointer data, GError **error)
{
    g_autofree char *names = job_option_list(job, "disk");
    g_autoptr(GPtrArray) disks = snapshot_disks(job->vm, names, error);
    guint done = 0;

    (void)data;
    for (guint i = 0; disks && i < disks->len; i++) {
        const SnapshotDisk *disk = disks->pdata[i];
        g_autofree char *manifest = disk->image ? manifest_find(disk->image) : NULL;

        if (!manifest && !names)
            continue;
        done++;
        if (job->context->dry_run) {
            job_print(job, "%s: would fold %s into %s\n", disk->name, disk->image, disk->backing);
            continue;
        }
        if (!snapshot_commit(job->vm, disk, error))
            return FALSE;
        job_print(job, "%s: folded %s into %s\n", disk->name, disk->image, disk->backing);
    }
    if (disks && !done)
        return set_error(error, "no disk has a snapshot of guestctl's to fold back");
    return disks != NULL;
}

static gboolean unknown_word(Job *job, gpointer data, GError **error)
{
    (void)data;
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_USAGE,
                "snapshot: '%s' is none of its words; it has: commit", job->call->args[0]);
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
    .summary = "Takes a snapshot of the disks while the guest runs, or folds it back in",
    .doc = "From then on the VM writes to overlays VM-DISK-TIME.qcow2; its images stand still, and\n"
           "a manifest VM-TIME.snapshot.json beside the overlays says whether they are consistent.\n"
           "All disks of all VMs named are taken in one window, or none. \"snapshot commit\" folds\n"
           "the newest overlay back into the image below it and removes it.",
    .options = (const VerbOption[]){
        QUIESCE_OPTIONS,
        { "disk", "NAME…", "only this one, as --dry-run calls it; may be given several times" },
        { "to", "DIR", "where the overlays are made; default: beside the images" },
        { NULL },
    },
    .flags = VERB_CHANGES | VERB_DRY_ITSELF,
    .max_args = 1,
    .run_group = snapshot_run,
};
