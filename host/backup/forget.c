/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/forget.h"

#include <string.h>

#include "host/base/json-util.h"
#include "lib/errors.h"

#define PREFIX "guestctl-"
#define SET_DIGITS 8

gboolean forget_is_ours(const char *name, const char *set)
{
    const char *rest = name + strlen(PREFIX);

    return g_str_has_prefix(name, PREFIX) && strspn(rest, "0123456789abcdef") == SET_DIGITS &&
           rest[SET_DIGITS] == '-' && (!set || g_str_has_prefix(rest, set));
}

static JsonObject *row_of(const BackupMark *mark, gboolean removed, const char *note)
{
    JsonObject *row = jsonu_with("name", mark->name);

    json_object_set_string_member(row, "of", mark->where);
    json_object_set_boolean_member(row, "removed", removed);
    json_object_set_string_member(row, "note", note);
    return row;
}

/* FALSE: it is still there. */
static gboolean forget_mark(Vm *vm, const BackupMark *mark, Reporter *reporter, JsonArray *list)
{
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GError) problem = NULL;
    g_autofree char *note = NULL;
    gboolean ok;

    if (vm->context->dry_run) {
        reporter_print(reporter, "would remove %s of %s\n", mark->name, mark->where);
        json_array_add_object_element(list, row_of(mark, FALSE, NULL));
        return TRUE;
    }
    ok = vm->backend->backup->unmark(vm, mark, &note, &deadline, &problem);
    json_array_add_object_element(list, row_of(mark, ok, problem ? problem->message : note));
    if (!ok)
        reporter_warn(reporter, "failed to remove %s of %s: %s", mark->name, mark->where,
                      problem ? problem->message : "no reason reported");
    else
        reporter_print(reporter, "removed %s of %s%s%s\n", mark->name, mark->where,
                       note ? "; " : "", note ? note : "");
    return ok;
}

gboolean forget_marks(Vm *vm, const char *set, Reporter *reporter, GError **error)
{
    const BackupOps *ops = vm_backup_ops(vm, error);
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GPtrArray) marks = ops ? ops->marks(vm, &deadline, error) : NULL;
    g_autoptr(JsonNode) node = json_node_new(JSON_NODE_ARRAY);
    JsonArray *list = json_array_new();
    guint failed = 0;

    json_node_take_array(node, list);
    if (!marks)
        return FALSE;
    for (guint i = 0; i < marks->len; i++)
        if (forget_is_ours(((const BackupMark *)marks->pdata[i])->name, set) &&
            !forget_mark(vm, marks->pdata[i], reporter, list))
            failed++;
    if (!json_array_get_length(list))
        reporter_print(reporter, "nothing to remove\n");
    reporter_json(reporter, node);
    return failed == 0 || set_error(error, "%u of %u bitmaps are left", failed,
                                    json_array_get_length(list));
}

void forget_list(Vm *vm, const char *set, const char *dir, Reporter *reporter)
{
    g_autoptr(GError) problem = NULL;
    const BackupOps *ops = vm_backup_ops(vm, &problem);
    Deadline deadline = vm_deadline(vm, 0);
    g_autoptr(GPtrArray) marks = ops ? ops->marks(vm, &deadline, &problem) : NULL;

    if (!marks)
        reporter_warn(reporter, "failed to look for bitmaps of backups: %s", problem->message);
    for (guint i = 0; marks && i < marks->len; i++) {
        const BackupMark *mark = marks->pdata[i];

        if (!forget_is_ours(mark->name, NULL))
            continue;
        reporter_print(reporter, "in the VM: %s of %s, ", mark->name, mark->where);
        if (forget_is_ours(mark->name, set))
            reporter_print(reporter, "of the backups in %s\n", dir);
        else
            reporter_print(reporter, "orphaned or of another directory; \"backup forget\" removes "
                                     "it\n");
    }
}
