/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/backup/set.h"
#include "host/base/context.h"
#include "host/files/place.h"

/* Which appliance: one for each point in time. */
typedef struct {
    const Chain *chain;
    const ChainPoint *point;
    const char *disk;   /* only this one; NULL: all */
    const char *kernel; /* NULL: the host's */
} ApplianceSpec;

/* The name of its place, see place.h; the caller's. */
char *appliance_key(const ApplianceSpec *spec);

/* A context whose one VM is the appliance at @place, which must outlive it. */
Context appliance_reach(const Context *context, const Place *place);

/* The first line on standard output of a process that keeps an appliance, once it can be used. */
#define KEEPER_READY "ready\n"

/*
 * Starts the appliance, prints KEEPER_READY, and keeps it until it was not used for @idle_s seconds,
 * the user cancels, or it ends by itself. FALSE with @error set if it did not start, or failed.
 */
gboolean keeper_run(const ApplianceSpec *spec, gint64 idle_s, const Context *context,
                    GError **error);
