/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/base/json-util.h"
#include "host/vm/bare/jobs.h"
#include "host/vm/bare/vm.h"
#include "lib/errors.h"

/* Snapshots by QEMU's monitor, and their way back. */

#define ANSWER_MS 30000

gboolean bare_transaction(Qmp *qmp, JsonArray *actions, const Deadline *deadline,
                          GError **error)
{
    JsonObject *arguments = json_object_new();

    json_object_set_array_member(arguments, "actions", actions);
    return qmp_do(qmp, "transaction", arguments, deadline, error);
}

void bare_add_action(JsonArray *actions, const char *type, JsonObject *data)
{
    JsonObject *action = jsonu_with("type", type);

    json_object_set_object_member(action, "data", data);
    json_array_add_object_element(actions, action);
}

/* Two snapshots within a second get different names of nodes. */
static JsonObject *overlay_data(const Overlay *overlay, gint64 now, guint index)
{
    guint part = (guint)(now % G_USEC_PER_SEC * 256 / G_USEC_PER_SEC);
    g_autofree char *node = disk_overlay_node(overlay->disk->name, now / G_USEC_PER_SEC,
                                              part + index);
    JsonObject *data = jsonu_with("node-name", overlay->disk->node);

    json_object_set_string_member(data, "snapshot-file", overlay->path);
    json_object_set_string_member(data, "snapshot-node-name", node);
    json_object_set_string_member(data, "format", "qcow2");
    json_object_set_string_member(data, "mode", "existing");
    return data;
}

gboolean bare_snapshot_begin(Vm *vm, const GPtrArray *overlays, const Deadline *deadline,
                             GError **error)
{
    Qmp *qmp = bare_qmp(vm, deadline, error);
    gint64 now = g_get_real_time();
    JsonArray *actions;

    if (!qmp)
        return FALSE;
    actions = json_array_new();
    for (guint i = 0; i < overlays->len; i++)
        bare_add_action(actions, "blockdev-snapshot-sync", overlay_data(overlays->pdata[i], now, i));
    return bare_transaction(qmp, actions, deadline, error);
}

gboolean bare_transaction_follow(Vm *vm, const Deadline *deadline, GError **error)
{
    Qmp *qmp = bare_qmp(vm, deadline, error);

    return qmp && qmp_await(qmp, "transaction", deadline, error);
}

/* Starts the job @id that writes the overlay of @disk back. */
static gboolean start_commit(Vm *vm, const Disk *disk, const char *id, int cancel_fd,
                             GError **error)
{
    Deadline deadline = deadline_in(ANSWER_MS, cancel_fd);
    Qmp *qmp = bare_qmp(vm, &deadline, error);
    g_autofree char *base = qmp ? bare_node_of(qmp, disk->backing, disk->backing_format,
                                               &deadline, error) : NULL;
    JsonObject *arguments;

    if (!base)
        return FALSE;
    arguments = jsonu_with("job-id", id);
    json_object_set_string_member(arguments, "device", disk->node);
    json_object_set_string_member(arguments, "base-node", base);
    json_object_set_boolean_member(arguments, "auto-dismiss", FALSE);
    deadline.cancel_fd = -1;
    return qmp_do(qmp, "block-commit", arguments, &deadline, error);
}

gboolean bare_commit(Vm *vm, const Disk *disk, Progress *progress, int cancel_fd, GError **error)
{
    g_autoptr(GError) problem = NULL;
    g_autofree char *id = g_strdup_printf("guestctl-commit-%08x", g_random_int());
    char *ids[] = { id, NULL };
    const char *const names[] = { disk->name, NULL };
    Deadline deadline;
    gboolean ok;

    if (!start_commit(vm, disk, id, cancel_fd, error))
        return FALSE;
    ok = jobs_follow(vm, ids, names, NULL, NULL, progress, cancel_fd, &problem);
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE))
        g_prefix_error(&problem, "QEMU ended during the commit: ");
    if (problem)
        g_propagate_error(error, g_steal_pointer(&problem));
    /* Whatever the outcome, no job is left. A monitor that was lost is connected to again. */
    if (!ok)
        bare_disconnect(vm);
    deadline = deadline_in(ANSWER_MS, -1);
    jobs_finish(vm, id, NULL, &deadline, NULL);
    return ok;
}
