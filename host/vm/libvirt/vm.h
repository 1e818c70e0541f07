/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

/* The connection to libvirt, of the context's; made when it is first needed. */
LibvirtLink *libvirt_link_new(void);
void libvirt_link_free(LibvirtLink *link);

/*
 * The domain called @name (or with that UUID) of the context's libvirt, or NULL with @error set;
 * also where guestctl was built without libvirt. Main thread only.
 */
Vm *vm_libvirt_find(const char *name, const Context *context, GError **error);

/* All domains, running or not: an array of Vm. NULL with @error set. Main thread only. */
GPtrArray *vm_libvirt_all(const Context *context, GError **error);

gboolean vm_is_libvirt(const Vm *vm);

/* Its virDomainPtr, anew if the connection was lost; valid until the VM is next used. */
gpointer vm_libvirt_domain(Vm *vm);

/* The domain's XML, as it is now; the caller's. NULL with @error set. */
char *vm_libvirt_xml(Vm *vm, GError **error);
