/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

/*
 * For what has to be done although the user gave up, such as closing a file:
 *
 *   Calm calm;
 *   calm_begin(&calm, vm);
 *   ...the VM is asked as if Ctrl-C had not been pressed...
 *   calm_end(&calm);
 */
typedef struct {
    Vm *vm;
    const Context *before;
    Context patient;
} Calm;

void calm_begin(Calm *calm, Vm *vm);
void calm_end(Calm *calm);

/* FALSE with GUESTD_ERROR_CANCELLED once the user gave up; else waits for @ms, and is TRUE. */
gboolean pause_ms(const Context *context, gint64 ms, GError **error);
