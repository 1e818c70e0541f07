/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/backup/backup.h"
#include "host/snapshot/snapshot.h"
#include "host/vm/libvirt/vm.h"
#include "lib/errors.h"

/* Instead of vm-libvirt.c, where guestctl is built without libvirt. */

LibvirtLink *libvirt_link_new(void)
{
    return NULL;
}

void libvirt_link_free(LibvirtLink *link)
{
    (void)link;
}

static gpointer no_libvirt(const char *name, GError **error)
{
    set_error(error, "%s: not in vms.ini, and this guestctl was built without libvirt; "
                     "say --agent SOCKET", name);
    return NULL;
}

Vm *vm_libvirt_find(const char *name, const Context *context, GError **error)
{
    (void)context;
    return no_libvirt(name, error);
}

GPtrArray *vm_libvirt_all(const Context *context, GError **error)
{
    (void)context;
    return no_libvirt("no VM", error);
}

char *vm_libvirt_xml(Vm *vm, GError **error)
{
    return no_libvirt(vm->name, error);
}

gboolean vm_is_libvirt(const Vm *vm)
{
    (void)vm;
    return FALSE;
}

const BackupOps backup_libvirt = { NULL };
const SnapshotOps snapshot_libvirt = { NULL, NULL, NULL };
