/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"

/*
 * The file <statedir>/guestd.freeze, for an agent that starts while a freeze lasts. It is
 * written before the first filesystem is frozen, and removed after the last one is thawed.
 */
typedef struct {
    gint64 deadline_us; /* boot_time_us(), in microseconds; 0: none */
    char **mount_points;
    gboolean late;    /* the freeze failed, but calls that did not return may yet freeze these */
    int grace_before; /* of quick_grace_before() */
} FreezeMarker;

/* Writes the marker. Returns FALSE with @error set. */
gboolean freeze_marker_write(const Sysroot *sysroot, const char *statedir,
                             const FreezeMarker *marker, GError **error);
void freeze_marker_remove(const char *statedir);

/*
 * Reads the marker of this boot into @marker, to be cleared with freeze_marker_clear(). A marker
 * of another boot, as on a restored disk, is removed. Returns FALSE if there is none.
 */
gboolean freeze_marker_read(const Sysroot *sysroot, const char *statedir, FreezeMarker *marker);
void freeze_marker_clear(FreezeMarker *marker);
