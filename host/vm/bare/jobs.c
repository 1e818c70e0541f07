/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/bare/jobs.h"

#include <string.h>

#include "host/base/json-util.h"
#include "lib/errors.h"

/* QEMU reports each change of a job's status; progress is read this often. */
#define LOOK_MS 500
/* While jobs are being cancelled. */
#define CANCEL_LOOK_MS 200

typedef struct {
    Vm *vm;
    char **ids;
    const char *const *disks; /* of each id */
    Progress *progress;
    int cancel_fd;
    GHashTable *completed; /* ids of jobs that were ready and told to complete */
    char *shutdown; /* "reason" of QEMU's event SHUTDOWN; NULL: it did not come */
} Follow;

/* The row of query-jobs with this id; NULL: there is none. */
static JsonObject *find_job(JsonArray *rows, const char *id)
{
    for (guint i = 0; i < jsonu_count(rows); i++) {
        JsonObject *row = jsonu_item(rows, i);

        if (g_str_equal(jsonu_string(row, "id", ""), id))
            return row;
    }
    return NULL;
}

static gboolean complete(Follow *follow, Qmp *qmp, const char *id, const Deadline *deadline,
                         GError **error)
{
    g_autoptr(GError) problem = NULL;

    if (!g_hash_table_add(follow->completed, (gpointer)id) ||
        qmp_do(qmp, "job-complete", jsonu_with("id", id), deadline, &problem))
        return TRUE;
    /* Whether QEMU carried it out before the connection was lost is seen at the next look. */
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        g_hash_table_remove(follow->completed, id);
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

/* Adds up all jobs. FALSE with @error if one failed; *@done once all are concluded. */
static gboolean look(Follow *follow, Qmp *qmp, JsonNode *result, gboolean *done,
                     const Deadline *deadline, GError **error)
{
    JsonArray *rows = jsonu_node_array(result);
    gint64 current = 0, total = 0;

    *done = TRUE;
    for (guint i = 0; follow->ids[i]; i++) {
        const char *id = follow->ids[i];
        JsonObject *row = find_job(rows, id);
        const char *status = jsonu_string(row, "status", "");

        if (!row)
            return set_error(error, "disk %s: job %s no longer exists in QEMU", follow->disks[i],
                             id);
        if (jsonu_string(row, "error", NULL))
            return set_error(error, "disk %s: QEMU's job failed: %s", follow->disks[i],
                             jsonu_string(row, "error", NULL));
        current += jsonu_int(row, "current-progress", 0);
        total += jsonu_int(row, "total-progress", 0);
        if (g_str_equal(status, "ready") && !complete(follow, qmp, id, deadline, error))
            return FALSE;
        *done = *done && g_str_equal(status, "concluded");
    }
    progress_update(follow->progress, current, total);
    return TRUE;
}

/* Notes a shutdown in @data (NULL: does not); the event is of no further interest. */
static gboolean note_shutdown(JsonObject *event, gpointer data)
{
    Follow *follow = data;

    if (follow && g_str_equal(jsonu_string(event, "event", ""), "SHUTDOWN")) {
        g_free(follow->shutdown);
        follow->shutdown = g_strdup(jsonu_string(jsonu_object(event, "data"), "reason", ""));
    }
    return FALSE;
}

static gboolean is_change(JsonObject *event, gpointer data)
{
    note_shutdown(event, data);
    return g_str_equal(jsonu_string(event, "event", ""), "JOB_STATUS_CHANGE");
}

/* The next change of any job, or @ms. @follow: to note a shutdown; may be NULL; FALSE with @error: cancelled, or QEMU is gone. */
static gboolean await_change(Qmp *qmp, Follow *follow, gint64 ms, int cancel_fd, GError **error)
{
    Deadline deadline = deadline_in(ms, cancel_fd);
    g_autoptr(GError) problem = NULL;
    g_autoptr(JsonObject) event = qmp_event(qmp, is_change, follow, &deadline, &problem);

    if (event || g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}

/* A job that completes lets go of its overlay, which is not to be interrupted. */
static int cancel_fd_now(const Follow *follow)
{
    return g_hash_table_size(follow->completed) > 0 ? -1 : follow->cancel_fd;
}

/* One look at the jobs, and the wait for the next change. */
static gboolean step_once(Follow *follow, JobsStep step, gpointer data, gboolean *done,
                          GError **error)
{
    Deadline deadline = deadline_in(follow->vm->context->timeout_ms, cancel_fd_now(follow));
    Qmp *qmp = bare_qmp(follow->vm, &deadline, error);
    g_autoptr(JsonNode) result = NULL;

    *done = FALSE;
    result = qmp ? qmp_call(qmp, "query-jobs", NULL, &deadline, error) : NULL;
    return result && look(follow, qmp, result, done, &deadline, error) &&
           (!step || step(follow->vm, qmp, data, error)) &&
           (*done || await_change(qmp, follow, LOOK_MS, cancel_fd_now(follow), error));
}

/* The events that came before the connection ended. */
static void read_last_events(Follow *follow)
{
    Deadline soon = deadline_in(CANCEL_LOOK_MS, -1);
    Qmp *qmp = bare_qmp(follow->vm, &soon, NULL);

    if (qmp)
        qmp_event(qmp, note_shutdown, follow, &soon, NULL);
}

/* ShutdownCause in QEMU's qapi/run-state.json; an error of @problem's kind. */
static void report_end(const Follow *follow, const GError *problem, GError **error)
{
    static const char *const texts[][2] = {
        { "guest-shutdown", "the guest shut down" },
        { "guest-reset", "the guest rebooted" },
        { "guest-panic", "the guest panicked" },
        { "host-qmp-quit", "QEMU was told to quit" },
        { "host-signal", "a signal ended QEMU" },
    };
    const char *reason = follow->shutdown;

    for (gsize i = 0; i < G_N_ELEMENTS(texts) && reason; i++)
        if (g_str_equal(reason, texts[i][0]))
            reason = texts[i][1];
    if (reason)
        g_set_error_literal(error, GUESTD_ERROR, problem->code, reason);
    else
        g_set_error(error, GUESTD_ERROR, problem->code, "QEMU was killed (%s)", problem->message);
}

gboolean jobs_follow(Vm *vm, char **ids, const char *const *disks, JobsStep step, gpointer data,
                     Progress *progress, int cancel_fd, GError **error)
{
    g_autoptr(GHashTable) completed = g_hash_table_new(g_str_hash, g_str_equal);
    Follow follow = { vm, ids, disks, progress, cancel_fd, completed, NULL };
    gboolean connected = TRUE, done = FALSE, failed = FALSE;

    while (!done && !failed) {
        g_autoptr(GError) problem = NULL;

        if (step_once(&follow, step, data, &done, &problem)) {
            connected = TRUE;
            continue;
        }
        if (!g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE)) {
            g_propagate_error(error, g_steal_pointer(&problem));
            failed = TRUE;
            continue;
        }
        /* Of two failures in a row, the second was that to connect. */
        if (!connected) {
            report_end(&follow, problem, error);
            failed = TRUE;
            continue;
        }
        connected = done = FALSE;
        read_last_events(&follow);
        bare_disconnect(vm);
    }
    g_free(follow.shutdown);
    return !failed;
}

/* Cancels or dismisses each job with @prefix once; @left is the number of those that remain. */
static gboolean end_jobs(Qmp *qmp, const char *prefix, GHashTable *seen, guint *left,
                         const Deadline *deadline, GError **error)
{
    g_autoptr(JsonNode) result = qmp_call(qmp, "query-jobs", NULL, deadline, error);
    JsonArray *rows = jsonu_node_array(result);

    *left = 0;
    for (guint i = 0; i < jsonu_count(rows); i++) {
        const char *id = jsonu_string(jsonu_item(rows, i), "id", "");
        const char *status = jsonu_string(jsonu_item(rows, i), "status", "");

        gboolean first;

        if (!g_str_has_prefix(id, prefix))
            continue;
        first = g_hash_table_add(seen, g_strdup(id));
        if (g_str_equal(status, "concluded")) {
            if (!qmp_do(qmp, "job-dismiss", jsonu_with("id", id), deadline, error))
                return FALSE;
            continue;
        }
        ++*left;
        /* A job that is just ending refuses to be cancelled, and ends. */
        if (first)
            qmp_do(qmp, "job-cancel", jsonu_with("id", id), deadline, NULL);
    }
    return result != NULL;
}

static gboolean close_nodes(Qmp *qmp, const char *prefix, const Deadline *deadline,
                            GError **error)
{
    g_autoptr(JsonNode) result = bare_nodes(qmp, deadline, error);
    JsonArray *rows = jsonu_node_array(result);

    for (guint i = 0; i < jsonu_count(rows); i++) {
        const char *node = jsonu_string(jsonu_item(rows, i), "node-name", "");

        if (g_str_has_prefix(node, prefix) &&
            !qmp_do(qmp, "blockdev-del", jsonu_with("node-name", node), deadline, error))
            return FALSE;
    }
    return result != NULL;
}

gboolean jobs_finish(Vm *vm, const char *prefix, guint *ended, const Deadline *deadline,
                     GError **error)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    Qmp *qmp = bare_qmp(vm, deadline, error);
    guint left;

    if (!qmp)
        return FALSE;
    do {
        if (!end_jobs(qmp, prefix, seen, &left, deadline, error))
            return FALSE;
        if (left > 0 && deadline_left_ms(deadline) == 0)
            return set_error(error, "%u jobs of QEMU did not end", left);
        if (left > 0 && !await_change(qmp, NULL, CANCEL_LOOK_MS, deadline->cancel_fd, error))
            return FALSE;
    } while (left > 0);
    if (ended)
        *ended = g_hash_table_size(seen);
    return close_nodes(qmp, prefix, deadline, error);
}
