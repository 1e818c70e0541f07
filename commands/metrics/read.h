/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/command.h"
#include "commands/metrics/types.h"
#include "commands/shared/deadline-call.h"

/* The sources of the figures. */
typedef struct {
    const Sysroot *sysroot;
    const SysOps *sysops;
    Patience *patience;
    Arena *arena;
} MetricsSource;

/*
 * Adds @part to @metrics, as far as it can be read; missing figures are not an error. Strings
 * belong to the arena. May wait for a filesystem that does not respond: for workers.
 */
void metrics_read(const MetricsSource *from, Part part, Metrics *metrics);
