/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/base/sysroot.h"
#include "lib/arena.h"

/*
 * Properties of block devices from udev. Without udev (no database in /run/udev, or a sysroot
 * that is not this machine's) they are read from sysfs, and from the database's files if they
 * exist.
 */
typedef struct BlockDevices BlockDevices;

/* @sysroot and @arena must outlive the result, which is to be freed. */
BlockDevices *block_devices_new(const Sysroot *sysroot, Arena *arena);
void block_devices_free(BlockDevices *devices);

/* Each is NULL if unknown; the strings belong to the arena. */
typedef struct {
    const char *node;    /* /dev/vda1 */
    const char *serial;  /* ID_SERIAL */
    const char *dm_name; /* DM_NAME */
} BlockProperties;

/* Reads the properties of the device whose directory in sysfs is @syspath; links are followed. */
void block_properties(BlockDevices *devices, const char *syspath, BlockProperties *properties);

const Sysroot *block_devices_sysroot(const BlockDevices *devices);
Arena *block_devices_arena(const BlockDevices *devices);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BlockDevices, block_devices_free)
