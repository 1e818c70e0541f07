/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/base/value-get.h"
#include "host/vm/vm.h"

/*
 * How the guest is doing, in the form of guestd-metrics, in @arena. With any other agent
 * it is put together from what its commands tell, and *@composed is TRUE: then parts of it
 * are missing. NULL with @error set if nothing could be asked until @until (monotonic).
 */
const Value *metrics_ask(Vm *vm, gint64 until, Arena *arena, gboolean *composed, GError **error);
