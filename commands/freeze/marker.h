/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"

/*
 * What a freeze leaves for an agent that is started while it lasts, in
 * <statedir>/guestd.freeze. It is written before the first filesystem is frozen
 * and removed after the last is thawed.
 */
typedef struct {
    gint64 deadline_us; /* CLOCK_BOOTTIME, in microseconds; 0: none */
    char **mount_points;
    gboolean late;    /* no freeze lasts, but calls that did not come back may yet freeze these */
    int grace_before; /* what quick_grace_before() returned */
} FreezeMarker;

/* Returns FALSE with @error set if it cannot be written. */
gboolean freeze_marker_write(const Sysroot *sysroot, const char *statedir,
                             const FreezeMarker *marker, GError **error);
void freeze_marker_remove(const char *statedir);

/*
 * Reads the marker of this boot into @marker, to be cleared by the caller. One
 * of another boot, as in a restored disk, is removed. Returns FALSE if there is none.
 */
gboolean freeze_marker_read(const Sysroot *sysroot, const char *statedir, FreezeMarker *marker);
void freeze_marker_clear(FreezeMarker *marker);
