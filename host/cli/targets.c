/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/targets.h"

#include "host/vm/backend.h"
#include "lib/errors.h"

static gboolean add_named(GPtrArray *vms, const char *name, const Context *context,
                          Reporter *reporter, GError **error)
{
    Vm *vm;

    if (vms_find(vms, name))
        return TRUE;
    vm = backends_open(context, name, reporter, error);
    if (vm)
        g_ptr_array_add(vms, vm);
    return vm != NULL;
}

GPtrArray *targets_find(const char *spec, const Context *context, GError **error)
{
    g_autoptr(GPtrArray) vms = g_ptr_array_new_with_free_func((GDestroyNotify)vm_free);
    g_auto(GStrv) names = spec ? g_strsplit(spec, ",", -1) : NULL;
    Reporter reporter = { .subject = NULL };

    /* One VM, by its sockets; the user may call it anything. */
    if (context_has_vm(context)) {
        Vm *vm = backends_open(context, spec, &reporter, error);

        if (!vm)
            return NULL;
        g_ptr_array_add(vms, vm);
        return g_steal_pointer(&vms);
    }
    if (!spec)
        return backends_list(context, &reporter, error);
    for (char **name = names; *name; name++)
        if (**name && !add_named(vms, *name, context, &reporter, error))
            return NULL;
    if (vms->len == 0) {
        set_error(error, "'%s' names no VM", spec);
        return NULL;
    }
    return g_steal_pointer(&vms);
}
