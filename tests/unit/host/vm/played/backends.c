/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/backend.h"

#include "tests/unit/host/vm/played/vm.h"

/* The list of guestctl-played instead of that in host/vm/backends.c. */
const Backend *const backend_list[] = {
    &played_backend,
    NULL,
};
