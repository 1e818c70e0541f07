/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/vm/backend.h"

/* A kind of VM for tests, made by the recipe in docs/design.md: two VMs, "one" and "two". */
extern const Backend played_backend;
