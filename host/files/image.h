/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "host/files/kernel.h"

/*
 * The initramfs of the appliance for @kernel, which is built if there is none of this kernel, agent
 * and guestctl; its path, the caller's. It is kept in guestctl's cache. NULL with @error set, also
 * once @cancel_fd (-1: never) is readable.
 */
char *image_get(const Kernel *kernel, int cancel_fd, GError **error);
