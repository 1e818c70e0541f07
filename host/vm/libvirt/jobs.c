/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/vm/libvirt/domain.h"
#include "lib/errors.h"

/* libvirt reports no progress by events. */
#define LOOK_MS 250

gboolean libvirt_job_follow(Vm *vm, LibvirtLook look, gpointer data, Progress *progress,
                            int cancel_fd, GError **error)
{
    for (;;) {
        Deadline deadline = deadline_in(vm->context->timeout_ms, cancel_fd);
        Deadline pause = deadline_in(LOOK_MS, cancel_fd);
        g_autoptr(GError) waited = NULL;
        LibvirtJobState state = look(vm, data, progress, &deadline, error);

        if (state != LIBVIRT_JOB_RUNS)
            return state == LIBVIRT_JOB_DONE;
        deadline_poll(&pause, -1, 0, &waited);
        if (g_error_matches(waited, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
            continue;
        g_propagate_error(error, g_steal_pointer(&waited));
        return FALSE;
    }
}
