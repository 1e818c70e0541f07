/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/schema.h"
#include "commands/storage/block-device.h"

/*
 * The address of a disk in the machine, by which libvirt finds the disk of the domain that a
 * guest's filesystem is on.
 */

/* In the order of the enumeration on the wire. */
typedef enum {
    BUS_IDE,
    BUS_FDC,
    BUS_SCSI,
    BUS_VIRTIO,
    BUS_XEN,
    BUS_USB,
    BUS_UML,
    BUS_SATA,
    BUS_SD,
    BUS_UNKNOWN,
    BUS_IEEE1394,
    BUS_SSA,
    BUS_FIBRE,
    BUS_RAID,
    BUS_ISCSI,
    BUS_SAS,
    BUS_MMC,
    BUS_VIRTUAL,
    BUS_FILE_BACKED_VIRTUAL,
    BUS_NVME,
} BusType;

/* A PCI function; all members are -1 if unknown. */
typedef struct {
    gint64 domain, bus, slot, function;
} PciController;

typedef struct {
    gint64 cssid, ssid, subchno, devno;
} CcwAddress;

typedef struct {
    bool has_ccw;
    CcwAddress ccw;
    const char *serial; /* or NULL */
    const char *dev;    /* device node, or NULL */
    int bus_type;       /* BusType */
    gint64 bus, target, unit;
    PciController pci;
} DiskAddress;

extern const Type disk_address_type;

/*
 * Finds the address of the physical (not virtual) block device whose directory in sysfs is
 * @syspath, without links. Strings belong to the arena of @devices. Returns FALSE if nothing is
 * known of it.
 */
gboolean disk_address_find(BlockDevices *devices, const char *syspath, DiskAddress *address);

/*
 * Adds the addresses of the disks below the block device @syspath (without links) to @addresses,
 * a list of DiskAddress: its own or, if it is virtual, those of the devices it is made from, the
 * last found first. Returns FALSE with @error set if sysfs cannot be read.
 */
gboolean disk_addresses_collect(BlockDevices *devices, const char *syspath, List *addresses,
                                GError **error);
