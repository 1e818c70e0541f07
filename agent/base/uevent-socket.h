/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The longest event that the kernel sends (its UEVENT_BUFFER_SIZE, and the head). */
#define UEVENT_MAX 8192

/*
 * Opens a non-blocking socket for the kernel's events of devices below /sys/devices/system: CPUs,
 * memory blocks, and a few more. A filter in the kernel drops the events of other devices, so they
 * wake no process. Returns -1 with errno set.
 */
int uevent_open(void);

/*
 * Receives one event: "add@/devices/system/cpu/cpu1", followed by NUL-terminated variables.
 * *@from_kernel says whether the kernel sent it; any process with CAP_NET_ADMIN can send to such a
 * socket. Returns the length, or -1 with errno set: EAGAIN without an event, ENOBUFS if events
 * were lost.
 */
ssize_t uevent_receive(int fd, char *buffer, size_t size, gboolean *from_kernel);
