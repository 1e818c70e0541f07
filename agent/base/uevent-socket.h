/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>
#include <sys/types.h>

/* The longest event that the kernel sends (its UEVENT_BUFFER_SIZE, and the head). */
#define UEVENT_MAX 8192

/*
 * Opens a non-blocking socket on which the kernel tells of devices that come and go
 * below /sys/devices/system: CPUs, memory blocks, and a few more. Other devices'
 * events never wake it up. Returns -1 (errno) on failure.
 */
int uevent_open(void);

/*
 * Receives one event: "add@/devices/system/cpu/cpu1", and NUL-terminated variables
 * behind it. *@from_kernel tells whether the kernel has sent it; anybody with the right
 * capability can send to such a socket. Returns its length; -1 with EAGAIN if there
 * is none, or with ENOBUFS if some were lost.
 */
ssize_t uevent_receive(int fd, char *buffer, size_t size, gboolean *from_kernel);
