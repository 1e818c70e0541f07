/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "channel/channel-ops.h"

/*
 * A character device that carries one dialogue at a time. It is watched edge-triggered, because a
 * port whose host end is closed reports hang-up permanently, which would wake the agent without
 * end.
 */
typedef struct Device Device;

typedef struct {
    /*
     * TRUE: end of file means that the host end is closed, and the device stays
     * open for its return. FALSE: it means that the device itself is gone.
     */
    gboolean eof_is_host_away;
} DeviceKind;

/* Takes ownership of @fd, which is non-blocking, and serves it. Returns NULL with errno set. */
Device *device_new(Channel *channel, const DeviceKind *kind, int fd);
void device_free(Device *device);
