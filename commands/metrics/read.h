/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/metrics/types.h"
#include "commands/shared/deadline-call.h"

/* Where a snapshot's figures come from. */
typedef struct {
    const Sysroot *sysroot;
    const SysOps *sysops;
    Patience *patience;
    Arena *arena;
} MetricsSource;

/* Adds @part to @metrics, as far as it can be read. May wait for a stale filesystem. */
void metrics_read(const MetricsSource *from, Part part, Metrics *metrics);
