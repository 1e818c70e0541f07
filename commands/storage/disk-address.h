/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "agent/schema/schema.h"
#include "commands/storage/block-device.h"

/*
 * Where a disk sits in the machine, as the host knows it: by this, libvirt finds
 * the disk of the domain that a guest's filesystem lies on.
 */

/* As the wire's enumeration is ordered. */
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

/* A PCI function; all members are -1 where unknown. */
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
    const char *dev;    /* its node, or NULL */
    int bus_type;       /* BusType */
    gint64 bus, target, unit;
    PciController pci;
} DiskAddress;

extern const Type disk_address_type;

/*
 * Finds the address of the real (not virtual) block device whose directory in
 * sysfs is @syspath, without links. Returns FALSE if nothing at all is known of it.
 */
gboolean disk_address_find(BlockDevices *devices, const char *syspath, DiskAddress *address);

/*
 * Puts the addresses of the disks below the block device @syspath (without links)
 * into @addresses, a list of DiskAddress: of itself or, if it is virtual, of the
 * devices it is made from, the last found first. Returns FALSE with @error set if sysfs
 * cannot be read.
 */
gboolean disk_addresses_collect(BlockDevices *devices, const char *syspath, List *addresses,
                                GError **error);
