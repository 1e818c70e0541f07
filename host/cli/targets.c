/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/cli/targets.h"

#include <string.h>

#include "host/vm/libvirt/vm.h"
#include "host/wire/wire.h"
#include "lib/errors.h"

/*
 * vms.ini: a group for each VM, with keys "agent" and "qmp", the addresses of its sockets.
 * The user's own file comes first.
 */
static GPtrArray *read_files(void)
{
    GPtrArray *files = g_ptr_array_new_with_free_func((GDestroyNotify)g_key_file_unref);
    g_autofree char *mine = g_build_filename(g_get_user_config_dir(), "guestctl", "vms.ini", NULL);
    const char *const paths[] = { mine, GUESTCTL_CONFDIR "/vms.ini" };

    for (gsize i = 0; i < G_N_ELEMENTS(paths); i++) {
        g_autoptr(GKeyFile) file = g_key_file_new();
        g_autoptr(GError) error = NULL;

        if (g_key_file_load_from_file(file, paths[i], G_KEY_FILE_NONE, &error))
            g_ptr_array_add(files, g_steal_pointer(&file));
        else if (!g_error_matches(error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
            g_printerr("guestctl: %s: %s\n", paths[i], error->message);
    }
    return files;
}

static Vm *from_group(GKeyFile *file, const char *name, const Context *context, GError **error)
{
    g_autofree char *agent = g_key_file_get_string(file, name, "agent", NULL);
    g_autofree char *qmp = g_key_file_get_string(file, name, "qmp", NULL);

    if (!agent && !qmp) {
        set_error(error, "%s: vms.ini names neither agent nor qmp for it", name);
        return NULL;
    }
    if ((agent && !wire_address_check(agent, error)) || (qmp && !wire_address_check(qmp, error)))
        return NULL;
    return vm_bare_new(name, agent, qmp, context);
}

static Vm *from_files(GPtrArray *files, const char *name, const Context *context, GError **error)
{
    for (guint i = 0; i < files->len; i++)
        if (g_key_file_has_group(files->pdata[i], name))
            return from_group(files->pdata[i], name, context, error);
    return NULL;
}

static gboolean is_wanted(const char *name, const Context *context)
{
    return !context->match || g_pattern_match_simple(context->match, name);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
    return strcmp((*(Vm *const *)a)->name, (*(Vm *const *)b)->name);
}

static gboolean is_listed(GPtrArray *vms, const char *name)
{
    for (guint i = 0; i < vms->len; i++)
        if (g_str_equal(((Vm *)vms->pdata[i])->name, name))
            return TRUE;
    return FALSE;
}

static gboolean add_group(GPtrArray *vms, GKeyFile *file, const char *name, const Context *context,
                          GError **error)
{
    Vm *vm;

    if (!is_wanted(name, context) || is_listed(vms, name))
        return TRUE;
    vm = from_group(file, name, context, error);
    if (vm)
        g_ptr_array_add(vms, vm);
    return vm != NULL;
}

GPtrArray *targets_all(const Context *context, GError **error)
{
    g_autoptr(GPtrArray) vms = g_ptr_array_new_with_free_func((GDestroyNotify)vm_free);
    g_autoptr(GPtrArray) files = read_files();
    g_autoptr(GPtrArray) domains = NULL;

    for (guint i = 0; i < files->len; i++) {
        g_auto(GStrv) names = g_key_file_get_groups(files->pdata[i], NULL);

        for (char **name = names; *name; name++)
            if (!add_group(vms, files->pdata[i], *name, context, error))
                return NULL;
    }
    /* Somebody who has bare VMs only need not have libvirt. */
    domains = vm_libvirt_all(context, vms->len == 0 || context->uri ? error : NULL);
    if (!domains && (vms->len == 0 || context->uri))
        return NULL;
    for (guint i = 0; domains && i < domains->len; i++) {
        Vm *vm = domains->pdata[i];

        if (is_wanted(vm->name, context) && !is_listed(vms, vm->name))
            g_ptr_array_add(vms, g_steal_pointer(&domains->pdata[i]));
    }
    g_ptr_array_sort(vms, by_name);
    return g_steal_pointer(&vms);
}

/* The VM of --agent and --qmp, called by its socket if no name is given. */
static Vm *from_options(const char *name, const Context *context, GError **error)
{
    const char *address = context->agent ? context->agent : context->qmp;

    if ((context->agent && !wire_address_check(context->agent, error)) ||
        (context->qmp && !wire_address_check(context->qmp, error)))
        return NULL;
    return vm_bare_new(name ? name : address, context->agent, context->qmp, context);
}

static gboolean add_named(GPtrArray *vms, GPtrArray *files, const char *name,
                          const Context *context, GError **error)
{
    g_autoptr(GError) problem = NULL;
    Vm *vm = context->uri ? NULL : from_files(files, name, context, &problem);

    if (!vm && !problem)
        vm = vm_libvirt_find(name, context, &problem);
    if (vm)
        g_ptr_array_add(vms, vm);
    else
        g_propagate_error(error, g_steal_pointer(&problem));
    return vm != NULL;
}

GPtrArray *targets_find(const char *spec, const Context *context, GError **error)
{
    g_autoptr(GPtrArray) vms = g_ptr_array_new_with_free_func((GDestroyNotify)vm_free);
    g_autoptr(GPtrArray) files = NULL;
    g_auto(GStrv) names = spec ? g_strsplit(spec, ",", -1) : NULL;

    if (context->agent || context->qmp) {
        Vm *vm = from_options(spec, context, error);

        if (!vm)
            return NULL;
        g_ptr_array_add(vms, vm);
        return g_steal_pointer(&vms);
    }
    if (!spec)
        return targets_all(context, error);
    files = read_files();
    for (char **name = names; *name; name++)
        if (**name && !is_listed(vms, *name) && !add_named(vms, files, *name, context, error))
            return NULL;
    if (vms->len == 0) {
        set_error(error, "'%s' names no VM", spec);
        return NULL;
    }
    return g_steal_pointer(&vms);
}
