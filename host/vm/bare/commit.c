/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/json-util.h"
#include "host/snapshot/snapshot.h"
#include "host/vm/bare/vm.h"
#include "lib/errors.h"

/* A block job of QEMU's that folds an overlay into the image below it. */

/* How often its progress is looked at, and how long the monitor may take for what is no work. */
#define LOOK_MS 500
#define ANSWER_MS 30000

typedef enum { JOB_READY, JOB_DONE, JOB_GONE } JobNews;

typedef struct {
    Vm *vm;
    Qmp *qmp;
    char *id;
    char *failure; /* that it ended with, or NULL */
    JobNews news;
} BlockJob;

static JsonObject *object_at(JsonArray *list, guint i)
{
    JsonNode *node = json_array_get_element(list, i);

    return JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;
}

static const char *text_in(JsonObject *object, const char *name)
{
    return object ? json_object_get_string_member_with_default(object, name, NULL) : NULL;
}

/* The node that the backing file is open in; the caller's. */
static char *base_node(Qmp *qmp, const SnapshotDisk *disk, const Deadline *deadline, GError **error)
{
    JsonObject *arguments = json_object_new();
    g_autoptr(JsonNode) rows = NULL;

    json_object_set_boolean_member(arguments, "flat", TRUE);
    rows = qmp_call(qmp, "query-named-block-nodes", arguments, deadline, error);
    for (guint i = 0; rows && JSON_NODE_HOLDS_ARRAY(rows) &&
                      i < json_array_get_length(json_node_get_array(rows)); i++) {
        JsonObject *node = object_at(json_node_get_array(rows), i);
        g_autofree char *path = snapshot_bare_path(text_in(node, "file"));

        if (text_in(node, "node-name") && g_strcmp0(path, disk->backing) == 0 &&
            g_strcmp0(text_in(node, "drv"), disk->backing_format) == 0)
            return g_strdup(text_in(node, "node-name"));
    }
    if (rows)
        set_error(error, "QEMU has no node for %s", disk->backing);
    return NULL;
}

static gboolean is_news(JsonObject *event, gpointer data)
{
    BlockJob *job = data;
    const char *name = json_object_get_string_member_with_default(event, "event", "");
    JsonNode *node = json_object_get_member(event, "data");
    JsonObject *details = node && JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : NULL;

    if (!details || g_strcmp0(json_object_get_string_member_with_default(details, "device", NULL),
                              job->id) != 0)
        return FALSE;
    if (g_str_equal(name, "BLOCK_JOB_READY"))
        job->news = JOB_READY;
    else if (g_str_equal(name, "BLOCK_JOB_COMPLETED"))
        job->news = JOB_DONE;
    else if (g_str_equal(name, "BLOCK_JOB_CANCELLED"))
        job->news = JOB_GONE;
    else
        return FALSE;
    g_free(job->failure);
    job->failure = g_strdup(json_object_get_string_member_with_default(details, "error", NULL));
    return TRUE;
}

/* FALSE if QEMU does not answer, or knows no such job. */
static gboolean show_progress(BlockJob *job, Progress *progress, const Deadline *deadline,
                              GError **error)
{
    g_autoptr(JsonNode) rows = qmp_call(job->qmp, "query-block-jobs", NULL, deadline, error);

    if (!rows)
        return FALSE;
    for (guint i = 0; JSON_NODE_HOLDS_ARRAY(rows) &&
                      i < json_array_get_length(json_node_get_array(rows)); i++) {
        JsonObject *row = object_at(json_node_get_array(rows), i);

        if (g_strcmp0(text_in(row, "device"), job->id) != 0)
            continue;
        progress_update(progress, json_object_get_int_member_with_default(row, "offset", 0),
                        json_object_get_int_member_with_default(row, "len", 0));
        return TRUE;
    }
    return set_error(error, "QEMU knows nothing of the job");
}

/* Waits for whatever the job's next news are, for as long as it works. */
static gboolean await_news(BlockJob *job, Progress *progress, int cancel_fd, GError **error)
{
    g_autoptr(GError) gone = NULL;

    for (;;) {
        Deadline look = deadline_in(gone ? 0 : LOOK_MS, cancel_fd);
        Deadline answer = deadline_in(ANSWER_MS, cancel_fd);
        g_autoptr(GError) problem = NULL;
        g_autoptr(JsonObject) event = qmp_event(job->qmp, is_news, job, &look, &problem);

        if (event)
            return TRUE;
        if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT) || gone) {
            g_propagate_error(error, gone ? g_steal_pointer(&gone) : g_steal_pointer(&problem));
            return FALSE;
        }
        /* The news of its end may be among what came with the answer. */
        show_progress(job, progress, &answer, &gone);
    }
}

static gboolean ended_well(const BlockJob *job, GError **error)
{
    if (job->news == JOB_DONE && !job->failure)
        return TRUE;
    return set_error(error, "QEMU's job ended: %s", job->failure ? job->failure : "it was cancelled");
}

/* Once it is ready and told so, QEMU lets go of the overlay; that is not to be stopped. */
static gboolean complete(BlockJob *job, GError **error)
{
    Deadline deadline = deadline_in(ANSWER_MS, -1);
    Progress silent = { .quiet = TRUE };

    if (!qmp_do(job->qmp, "job-complete", jsonu_with("id", job->id), &deadline, error))
        return FALSE;
    do {
        if (!await_news(job, &silent, -1, error))
            return FALSE;
    } while (job->news == JOB_READY);
    return ended_well(job, error);
}

/* Whatever went wrong: no job is left. A lost monitor is asked for again. */
static void cancel(BlockJob *job)
{
    Deadline deadline = deadline_in(ANSWER_MS, -1);
    g_autoptr(JsonObject) arguments = jsonu_with("device", job->id);
    Progress silent = { .quiet = TRUE };

    json_object_set_boolean_member(arguments, "force", TRUE);
    vm_bare_drop_qmp(job->vm);
    job->qmp = vm_bare_qmp(job->vm, &deadline, NULL);
    if (job->qmp &&
        qmp_do(job->qmp, "block-job-cancel", g_steal_pointer(&arguments), &deadline, NULL))
        while (await_news(job, &silent, -1, NULL) && job->news == JOB_READY)
            ;
}

static gboolean await_end(BlockJob *job, Progress *progress, int cancel_fd, GError **error)
{
    if (!await_news(job, progress, cancel_fd, error))
        return FALSE;
    return job->news == JOB_READY ? complete(job, error) : ended_well(job, error);
}

static gboolean start(BlockJob *job, const SnapshotDisk *disk, const char *base, GError **error)
{
    Deadline deadline = deadline_in(ANSWER_MS, -1);
    JsonObject *arguments = jsonu_with("job-id", job->id);

    json_object_set_string_member(arguments, "device", disk->node);
    json_object_set_string_member(arguments, "base-node", base);
    return qmp_do(job->qmp, "block-commit", arguments, &deadline, error);
}

gboolean snapshot_bare_commit(Vm *vm, const SnapshotDisk *disk, Progress *progress, int cancel_fd,
                              GError **error)
{
    Deadline deadline = deadline_in(ANSWER_MS, cancel_fd);
    BlockJob job = { .vm = vm, .qmp = vm_bare_qmp(vm, &deadline, error) };
    g_autofree char *base = job.qmp ? base_node(job.qmp, disk, &deadline, error) : NULL;
    gboolean ok;

    if (!base)
        return FALSE;
    job.id = g_strdup_printf("guestctl-commit-%08x", g_random_int());
    ok = start(&job, disk, base, error) && await_end(&job, progress, cancel_fd, error);
    if (!ok)
        cancel(&job);
    g_free(job.id);
    g_free(job.failure);
    return ok;
}
