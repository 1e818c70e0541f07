/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/libvirt/vm.h"
#include "lib/errors.h"

/* The backend of a guestctl that was built without libvirt: it has no VM, and reports that. */

static gpointer without_libvirt(const char *what, GError **error)
{
    g_set_error(error, GUESTD_ERROR, GUESTD_ERROR_UNREACHABLE,
                "%s in vms.ini, and this guestctl was built without libvirt; "
                "name the VM's socket with --agent SOCKET", what);
    return NULL;
}

static GPtrArray *none_list(gpointer link, const Context *context, Reporter *reporter,
                            GError **error)
{
    (void)link;
    (void)context;
    (void)reporter;
    return without_libvirt("no VM", error);
}

static Vm *none_open(gpointer link, const char *name, const Context *context, Reporter *reporter,
                     GError **error)
{
    g_autofree char *what = g_strdup_printf("no VM '%s'", name);

    (void)link;
    (void)context;
    (void)reporter;
    return without_libvirt(what, error);
}

const Backend libvirt_backend = {
    .name = "libvirt",
    .where = "libvirt",
    .list = none_list,
    .open = none_open,
};
