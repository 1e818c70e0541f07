/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "host/guest/calm.h"

#include "lib/errors.h"

void calm_begin(Calm *calm, Vm *vm)
{
    calm->vm = vm;
    calm->before = vm->context;
    calm->patient = *vm->context;
    calm->patient.cancel_fd = -1;
    vm->context = &calm->patient;
    context_guard(calm->before);
}

void calm_end(Calm *calm)
{
    calm->vm->context = calm->before;
    context_unguard(calm->before);
}

gboolean pause_ms(const Context *context, gint64 ms, GError **error)
{
    g_autoptr(GError) problem = NULL;
    Deadline deadline = deadline_in(ms, context->cancel_fd);

    deadline_poll(&deadline, -1, 0, &problem);
    if (g_error_matches(problem, GUESTD_ERROR, GUESTD_ERROR_TIMED_OUT))
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&problem));
    return FALSE;
}
