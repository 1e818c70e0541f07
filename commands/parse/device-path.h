/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <glib.h>

/*
 * The parts of a device's path in sysfs that describe its place in the machine, such as
 * /sys/devices/pci0000:00/0000:00:05.0/virtio2/host2/target2:0:0/2:0:0:1/block/sda. Text only;
 * no file is accessed.
 */

/* A PCI function, "0000:00:05.0": domain, bus, slot and function. */
typedef struct {
    guint domain, bus, slot, function;
} PciPlace;

/*
 * Walks through the PCI functions of @path, from the root bus down. *@at is 0 at the start;
 * afterwards it is the length of the part of @path that ends with the function, which is the
 * function's directory. Returns FALSE after the last one.
 */
gboolean device_path_next_pci(const char *path, gsize *at, PciPlace *place);

/* A SCSI logical unit, "target2:0:0/2:0:0:1": host, channel, target and LUN. */
typedef struct {
    guint channel, target, lun;
} ScsiPlace;

gboolean device_path_scsi(const char *path, ScsiPlace *place);

/* The ATA port ("ata3") of a device or, without one, its SCSI host ("host2"). */
typedef struct {
    const char *prefix; /* "ata" or "host" */
    gsize dir_len;      /* length of the part of the path that is the directory with its siblings */
    guint number;
} HostPlace;

gboolean device_path_host(const char *path, HostPlace *place);

/* Reads @name as @prefix and a decimal number. Returns FALSE for any other name. */
gboolean device_name_number(const char *name, const char *prefix, guint *number);

/* A device of a channel subsystem: its subchannel "0.0.0004" and number "0.0.e000". */
typedef struct {
    guint cssid, ssid, subchno, devno;
} CcwPlace;

gboolean device_path_ccw(const char *path, CcwPlace *place);

/* Whether the block device is on a virtio device. */
gboolean device_path_is_virtio(const char *path);

/* Whether the kernel makes the device from other devices or files: dm, md, loop and so on. */
gboolean device_path_is_virtual(const char *path);

/*
 * Whether @name, a directory in /sys/block/@disk, is a partition of it: "sda1" of
 * "sda", "nvme0n1p2" of "nvme0n1".
 */
gboolean device_name_is_partition(const char *name, const char *disk);
