/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/vm.h"

/*
 * For steps that the user's cancellation must not interrupt, such as closing a file:
 *
 *   Calm calm;
 *   calm_begin(&calm, vm);
 *   ...requests to the VM ignore Ctrl-C...
 *   calm_end(&calm);
 */
typedef struct {
    Vm *vm;
    const Context *before;
    Context patient;
} Calm;

void calm_begin(Calm *calm, Vm *vm);
void calm_end(Calm *calm);

/* Waits for @ms milliseconds. FALSE with GUESTD_ERROR_CANCELLED once the user has cancelled. */
gboolean pause_ms(const Context *context, gint64 ms, GError **error);
