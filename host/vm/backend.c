/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/backend.h"

#include <string.h>

#include "lib/errors.h"

struct Backends {
    const Backend *const *list;
    gpointer *links; /* of each backend; NULL: it needs none */
};

void agent_channel_clear(AgentChannel *channel)
{
    g_clear_pointer(&channel->where, g_free);
    g_clear_pointer(&channel->problem, g_free);
}

BackupMark *backup_mark_new(const char *name, char *where, char *node)
{
    BackupMark *mark = g_new0(BackupMark, 1);

    mark->name = g_strdup(name);
    mark->where = where;
    mark->node = node;
    return mark;
}

void backup_mark_free(gpointer data)
{
    BackupMark *mark = data;

    g_free(mark->name);
    g_free(mark->where);
    g_free(mark->node);
    g_free(mark);
}

char *disk_copy_job(const DiskCopy *copy, guint index)
{
    return g_strdup_printf("%s%u", copy->prefix, index);
}

gboolean backend_offers(const Backend *backend, gboolean member, const char *thing,
                        GError **error)
{
    return member || set_error(error, "%s offers no %s", backend->name, thing);
}

Backends *backends_start(const Backend *const *list, const Context *context)
{
    Backends *backends = g_new0(Backends, 1);
    guint n = 0;

    while (list[n])
        n++;
    backends->list = list;
    backends->links = g_new0(gpointer, n + 1);
    for (guint i = 0; i < n; i++)
        if (list[i]->start)
            backends->links[i] = list[i]->start(context);
    return backends;
}

void backends_stop(Backends *backends)
{
    if (!backends)
        return;
    for (guint i = 0; backends->list[i]; i++)
        if (backends->list[i]->stop)
            backends->list[i]->stop(backends->links[i]);
    g_free(backends->links);
    g_free(backends);
}

gboolean vm_matches(const char *name, const Context *context)
{
    return !context->match || g_pattern_match_simple(context->match, name);
}

Vm *vms_find(const GPtrArray *vms, const char *name)
{
    for (guint i = 0; i < vms->len; i++)
        if (g_str_equal(((const Vm *)vms->pdata[i])->name, name))
            return vms->pdata[i];
    return NULL;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Vm *const *)a)->name, (*(Vm *const *)b)->name);
}

GPtrArray *backends_list(const Context *context, Reporter *reporter, GError **error)
{
    const Backends *backends = context->backends;
    g_autoptr(GPtrArray) vms = g_ptr_array_new_with_free_func((GDestroyNotify)vm_free);
    g_autoptr(GError) absent = NULL;

    for (guint i = 0; backends->list[i]; i++) {
        const Backend *backend = backends->list[i];
        g_autoptr(GError) problem = NULL;
        g_autoptr(GPtrArray) found = backend->list(backends->links[i], context, reporter,
                                                   &problem);

        /* A host without libvirt may have VMs of another kind. */
        if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE) && !context->uri) {
            if (!absent)
                absent = g_steal_pointer(&problem);
            continue;
        }
        if (!found) {
            g_propagate_error(error, g_steal_pointer(&problem));
            return NULL;
        }
        for (guint k = 0; k < found->len; k++) {
            const Vm *vm = found->pdata[k];

            if (vm_matches(vm->name, context) && !vms_find(vms, vm->name))
                g_ptr_array_add(vms, g_steal_pointer(&found->pdata[k]));
        }
    }
    if (vms->len == 0 && absent) {
        g_propagate_error(error, g_steal_pointer(&absent));
        return NULL;
    }
    g_ptr_array_sort(vms, by_name);
    return g_steal_pointer(&vms);
}

/* "A or B", of where the VMs of all kinds are known from; the caller's. */
static char *all_places(const Backends *backends)
{
    GString *places = g_string_new(NULL);

    for (guint i = 0; backends->list[i]; i++)
        g_string_append_printf(places, "%s%s", i == 0 ? "" : backends->list[i + 1] ? ", " : " or ",
                               backends->list[i]->where);
    return g_string_free(places, FALSE);
}

Vm *backends_open(const Context *context, const char *name, Reporter *reporter, GError **error)
{
    const Backends *backends = context->backends;
    g_autofree char *places = NULL;

    for (guint i = 0; backends->list[i]; i++) {
        g_autoptr(GError) problem = NULL;
        Vm *vm = backends->list[i]->open(backends->links[i], name, context, reporter, &problem);

        if (vm)
            return vm;
        if (!problem)
            continue;
        g_propagate_error(error, g_steal_pointer(&problem));
        return NULL;
    }
    places = all_places(backends);
    set_error(error, "no VM '%s' in %s; \"guestctl list\" shows all VMs", name, places);
    return NULL;
}
