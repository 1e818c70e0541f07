/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/backend.h"

#include "host/vm/bare/vm.h"
#include "host/vm/libvirt/vm.h"

/* The one list of kinds of VM, and the only file that knows their folders. */
const Backend *const backend_list[] = {
    &bare_backend,
    &libvirt_backend,
    NULL,
};
