/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/backend.h"

/*
 * Domains of libvirt. In a guestctl built without libvirt, a backend of this name lists none and
 * reports that.
 */
extern const Backend libvirt_backend;
